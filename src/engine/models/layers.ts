import type { GraphBuilder } from '../graph/builder.ts';
import type { Dim } from '../graph/dim.ts';
import { multiply } from '../graph/dim.ts';
import { add, matmul, mul } from '../graph/emit.ts';
import type { Node } from '../graph/ir.ts';
import type { Segment } from '../graph/recompute.ts';
import type { SymbolicParameter } from './parameter.ts';

/** What a forward pass is asked for. */
export interface ForwardRequest {
  readonly input_ids: Node; // i32 [batch, time]
  readonly batch: Dim;
  readonly time: Dim;
  readonly mode: ForwardMode;
}

export type ForwardMode =
  /** A whole sequence from position 0. `seed` (i32 []) only where dropout is on. */
  | { readonly type: 'sequence'; readonly seed: Node | null }
  /**
   * For each sequence a block of tokens from `position` (i32 [batch]) on, before a cache of `capacity` rows.
   * `positions` (i32 [batch, time]) are those of the tokens.
   */
  | { readonly type: 'decode'; readonly position: Node; readonly positions: Node; readonly capacity: Dim };

/** How a model splits its features for attention. */
export interface HeadDims {
  readonly heads: Dim;
  readonly keyHeads: Dim;
  readonly headSize: Dim;
}

/** What a model's forward pass needs while it is built: parameters by name, dropout sites, cache updates. */
export class ForwardContext {
  readonly g: GraphBuilder;
  readonly request: ForwardRequest;
  /** Cache name -> its next value. */
  readonly cacheUpdates: Record<string, Node> = {};
  /** The transformer blocks, in order. */
  readonly blocks: Segment[] = [];
  readonly #parameters: ReadonlyMap<string, SymbolicParameter>;
  #sites = 0;

  constructor(g: GraphBuilder, parameters: readonly SymbolicParameter[], request: ForwardRequest) {
    this.g = g;
    this.request = request;
    this.#parameters = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  }

  /** A transformer block in scope `name`. */
  block(name: string, input: Node, body: () => Node): Node {
    const output = this.g.within(name, body);
    this.blocks.push({ input, output });
    return output;
  }

  /** The parameter, or null where the model has none of this name (a bias that is off, a tied head). */
  parameter(name: string): Node | null {
    const parameter = this.#parameters.get(name);
    return parameter === undefined ? null : this.g.state(name, parameter.dims, 'parameter');
  }

  need(name: string): Node {
    return this.parameter(name) ?? this.g.malformed(`there is no parameter ${name}`);
  }

  /** x [N, in] times a Conv1D weight [in, out] ('conv1d') or a Linear weight [out, in] ('linear'), plus the bias if there is one. */
  linear(name: string, x: Node, layout: 'conv1d' | 'linear'): Node {
    const product = matmul(this.g, x, this.need(`${name}.weight`), false, layout === 'linear');
    const bias = this.parameter(`${name}.bias`);
    return bias === null ? product : add(this.g, product, bias);
  }

  /** Each call is a site with a random stream of its own. */
  dropout(x: Node, rate: number): Node {
    const stream = this.#sites++;
    const { mode } = this.request;
    if (rate === 0 || mode.type !== 'sequence' || mode.seed === null) return x;
    return mul(this.g, x, this.g.node('dropout_mask', [mode.seed], { rate, stream }, x.dims));
  }

  /**
   * Causal attention over packed projections [batch * time, (heads + 2 keyHeads) * headSize], scaled by
   * 1 / sqrt(headSize): [batch * time, heads * headSize]. When decoding, keys and values of earlier
   * positions come from the cache `cache.<name>.k` and `.v`, and these join them.
   */
  attention(name: string, qkv: Node, { heads, keyHeads, headSize }: HeadDims, rate: number): Node {
    const { batch, time, mode } = this.request;
    const stream = this.#sites++;
    const sizes = { heads: heads.value, key_heads: keyHeads.value, head_size: headSize.value };
    const scale = 1 / Math.sqrt(headSize.value);
    const dims = [multiply(batch, time), multiply(heads, headSize)];
    if (mode.type === 'decode') {
      const attributes = { ...sizes, time: time.value };
      const append = (part: 'k' | 'v'): Node => {
        const cache = this.g.state(
          `cache.${name}.${part}`,
          [batch, keyHeads, mode.capacity, headSize],
          'cache',
        );
        const next = this.g.node('cache_append', [cache, qkv, mode.position], { ...attributes, part });
        this.cacheUpdates[`cache.${name}.${part}`] = next;
        return next;
      };
      const inputs = [qkv, append('k'), append('v'), mode.position];
      return this.g.node('cached_attention', inputs, { ...attributes, scale }, dims);
    }
    const dropped = rate > 0 && mode.seed !== null;
    const attributes = { batch: batch.value, time: time.value, ...sizes, scale };
    const inputs = dropped && mode.seed !== null ? [qkv, mode.seed] : [qkv];
    return this.g.node('attention', inputs, { ...attributes, rate: dropped ? rate : 0, stream }, dims);
  }
}
