import type { GraphBuilder } from './builder.ts';
import { fixed } from './dim.ts';
import { constant, sum } from './emit.ts';
import { graphErrors } from './errors.ts';
import type { MemoryKind, Node, OpName } from './ir.ts';
import type { Contribution, GradientRequest, Piece } from './ops/definition.ts';
import { definitionOf } from './ops/table.ts';
import type { Segment } from './recompute.ts';
import { segmentsById } from './recompute.ts';

/**
 * Reverse-mode differentiation, from graph to graph: adds to `graph` the nodes that compute
 * d loss / d target for each target, in the order given. `loss` is one number. A target that the loss
 * does not depend on gets zeros. What lies inside a segment of `recomputed` is computed again from the
 * segment's input before its gradients, rather than kept. Throws ANN-GRF-002 where an op on the way has
 * no gradient.
 */
export function gradients(
  graph: GraphBuilder,
  loss: Node,
  targets: readonly Node[],
  recomputed: readonly Segment[] = [],
): Node[] {
  const { nodes } = graph;
  const count = nodes.length;
  const outerScope = graph.scope;
  const outerKind = graph.kind;
  const isTarget = new Uint8Array(count);
  for (const target of targets) isTarget[target.id] = 1;
  const wanted = dependants(nodes, isTarget);
  const incoming = new Array<Contribution[] | undefined>(count);
  incoming[loss.id] = [constant(graph, 1, loss.dims)];
  const found = new Map<number, Node>();
  const segments = segmentsById(recomputed, count);

  for (let id = loss.id; id >= 0; id--) {
    const contributions = incoming[id];
    if (contributions === undefined || wanted[id] === 0) continue;
    incoming[id] = undefined;
    const made = nodes[id] as Node;
    const kind = gradientKind(graph, id, isTarget[id] === 1);
    graph.scope = made.scope;
    graph.kind = kind;
    const first = nodes.length;
    const dy = join(graph, made, contributions);
    if (isTarget[id] === 1) {
      graph.mark(dy, kind);
      found.set(id, dy);
    }
    const again = segments[id]?.again(graph, dy);
    const node = again?.get(id) ?? made;
    if (node.inputs.length === 0) continue;
    const definition = definitionOf(node.op);
    if (definition.gradient === null) {
      throw graphErrors.noGradient({
        message: `${node.op} in ${node.scope || 'the graph'} has no gradient.`,
      });
    }
    graph.kind = 'activations';
    const inputs = node.inputs.map((input) => nodes[input] as Node);
    const request = { graph, node, inputs, dy, needs: (i: number) => wanted[made.inputs[i] as number] === 1 };
    const parts = definition.gradient(request as unknown as GradientRequest<OpName>);
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      const input = made.inputs[i] as number;
      if (part === null || part === undefined || wanted[input] === 0) continue;
      const result = 'value' in part ? part.value : part;
      const list = incoming[input];
      // A second contribution only waits to be added: the gradient itself is as large as its parameter.
      const whole = isTarget[input] === 1 && list === undefined;
      if (result.id >= first) graph.mark(result, gradientKind(graph, input, whole));
      if (list === undefined) incoming[input] = [part];
      else list.push(part);
    }
  }
  graph.scope = outerScope;
  graph.kind = outerKind;
  return targets.map((target) => found.get(target.id) ?? constant(graph, 0, target.dims));
}

/** The gradient of a parameter is a gradient, that of logits as large as they are; the rest comes and goes. */
function gradientKind(graph: GraphBuilder, id: number, isTarget: boolean): MemoryKind {
  if (isTarget) return 'gradients';
  return graph.kinds[id] === 'logits' ? 'logits' : 'activations';
}

/** 1 for nodes that some target flows into, themselves included. */
function dependants(nodes: readonly Node[], isTarget: Uint8Array): Uint8Array {
  const flags = isTarget.slice();
  for (let id = 0; id < flags.length; id++) {
    if (flags[id] === 1) continue;
    const { inputs } = nodes[id] as Node;
    for (let i = 0; i < inputs.length; i++) {
      if (flags[inputs[i] as number] === 1) {
        flags[id] = 1;
        break;
      }
    }
  }
  return flags;
}

function isPiece(part: Contribution): part is Piece {
  return part !== null && 'value' in part;
}

/** Adds up what flowed in. Slices that tile the tensor are laid side by side; others are padded with zeros. */
function join(graph: GraphBuilder, node: Node, contributions: readonly Contribution[]): Node {
  const whole: Node[] = [];
  const pieces: Piece[] = [];
  for (const part of contributions) {
    if (isPiece(part)) pieces.push(part);
    else if (part !== null) whole.push(part);
  }
  if (pieces.length > 0) {
    const tiled = tile(graph, node, pieces);
    if (tiled !== null) whole.push(tiled);
    else for (const piece of pieces) whole.push(pad(graph, node, piece));
  }
  return sum(graph, whole);
}

function tile(graph: GraphBuilder, node: Node, pieces: readonly Piece[]): Node | null {
  const axis = node.shape.findIndex((size, d) => pieces.some((piece) => piece.value.shape[d] !== size));
  if (axis < 0) return null; // every piece is the whole: they are added, not joined
  const sorted = [...pieces].sort((a, b) => (a.begin[axis] ?? 0) - (b.begin[axis] ?? 0));
  let position = 0;
  for (const piece of sorted) {
    if (piece.begin[axis] !== position) return null;
    if (piece.value.shape.some((size, d) => d !== axis && size !== node.shape[d])) return null;
    position += piece.value.shape[axis] ?? 0;
  }
  if (position !== node.shape[axis]) return null;
  return graph.node(
    'concat',
    sorted.map((piece) => piece.value),
    { axis },
  );
}

function pad(graph: GraphBuilder, node: Node, piece: Piece): Node {
  let padded = piece.value;
  for (let axis = 0; axis < node.shape.length; axis++) {
    const size = padded.shape[axis] ?? 0;
    const before = piece.begin[axis] ?? 0;
    const after = (node.shape[axis] ?? 0) - before - size;
    const zeros = (length: number): Node =>
      constant(
        graph,
        0,
        padded.dims.map((dim, d) => (d === axis ? fixed(length) : dim)),
      );
    const row = [...(before > 0 ? [zeros(before)] : []), padded, ...(after > 0 ? [zeros(after)] : [])];
    if (row.length > 1) padded = graph.node('concat', row, { axis });
  }
  return padded;
}
