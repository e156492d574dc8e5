import type { GraphBuilder } from './builder.ts';
import type { Node, OpName } from './ir.ts';

/**
 * A part of the forward pass that is computed again in the backward pass (gradient checkpointing: Chen et
 * al., 2016, "Training Deep Nets with Sublinear Memory Cost"). Its nodes are those after `input` up to
 * `output`, in the order of their ids; nothing but `output` is used after it.
 */
export interface Segment {
  readonly input: Node;
  readonly output: Node;
}

/** What takes no room of the run's own, or next to none. */
const KEPT: ReadonlySet<OpName> = new Set(['state', 'constant', 'iota']);

/** A segment while gradients are made. */
export class Recomputation {
  readonly #segment: Segment;
  #again: ReadonlyMap<number, Node> | null = null;

  constructor(segment: Segment) {
    this.#segment = segment;
  }

  /**
   * The segment's nodes anew, by the id of the first; made when the first gradient reaches it. What flows
   * in passes through `after`, so that nothing is computed before `gradient` is there, nor taken from the
   * forward pass by `simplify`.
   */
  again(graph: GraphBuilder, gradient: Node): ReadonlyMap<number, Node> {
    this.#again ??= this.#build(graph, gradient);
    return this.#again;
  }

  #build(graph: GraphBuilder, gradient: Node): ReadonlyMap<number, Node> {
    const { input, output } = this.#segment;
    const { scope, kind } = graph;
    const anew = new Map<number, Node>();
    const standIn = (id: number): Node => {
      const original = graph.nodes[id] as Node;
      if (KEPT.has(original.op)) return original;
      let node = anew.get(id);
      if (node === undefined) {
        // A seed that flows in is held back too, or dropout's masks would be kept.
        node = id > input.id ? copy(graph, original, standIn) : graph.node('after', [original, gradient], {});
        anew.set(id, node);
      }
      return node;
    };
    graph.kind = 'activations';
    for (let id = input.id + 1; id <= output.id; id++) {
      graph.scope = (graph.nodes[id] as Node).scope;
      standIn(id);
    }
    graph.scope = scope;
    graph.kind = kind;
    return anew;
  }
}

function copy(graph: GraphBuilder, node: Node, standIn: (id: number) => Node): Node {
  return graph.node(node.op, node.inputs.map(standIn), node.attributes, node.dims, node.dtype);
}

/** By node: the segment that it lies in. */
export function segmentsById(
  segments: readonly Segment[],
  count: number,
): readonly (Recomputation | undefined)[] {
  const found = new Array<Recomputation | undefined>(count);
  for (const segment of segments) {
    found.fill(new Recomputation(segment), segment.input.id + 1, segment.output.id + 1);
  }
  return found;
}
