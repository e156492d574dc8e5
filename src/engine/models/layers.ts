import type { GraphBuilder } from '../graph/builder.ts';
import type { Dim } from '../graph/dim.ts';
import { add, matmul, mul } from '../graph/emit.ts';
import type { Node } from '../graph/ir.ts';
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
  /** A block of tokens at `position` (i32 []), whose own positions are `positions` (i32 [time]), before a cache of `capacity` rows. */
  | { readonly type: 'decode'; readonly position: Node; readonly positions: Node; readonly capacity: Dim };

/** What a model's forward pass needs while it is built: parameters by name, dropout sites, cache updates. */
export class ForwardContext {
  readonly g: GraphBuilder;
  readonly request: ForwardRequest;
  /** Cache name -> its next value. */
  readonly cacheUpdates: Record<string, Node> = {};
  readonly #parameters: ReadonlyMap<string, SymbolicParameter>;
  #sites = 0;

  constructor(g: GraphBuilder, parameters: readonly SymbolicParameter[], request: ForwardRequest) {
    this.g = g;
    this.request = request;
    this.#parameters = new Map(parameters.map((parameter) => [parameter.name, parameter]));
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

  /** Keys or values [batch, heads, time, size] with those of earlier positions before them, when decoding. */
  cached(name: string, rows: Node, heads: Dim, size: Dim): Node {
    const { mode, batch } = this.request;
    if (mode.type !== 'decode') return rows;
    const cache = this.g.state(name, [batch, heads, mode.capacity, size], 'cache');
    const next = this.g.node('cache_write', [cache, rows, mode.position], {});
    this.cacheUpdates[name] = next;
    return next;
  }
}
