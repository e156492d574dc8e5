import type { Node, NodeOf } from '../ir.ts';
import { sizeOf } from '../sizes.ts';
import { Cluster } from './cluster.ts';
import { emitCluster } from './cluster-call.ts';
import type { Fusion } from './fusion.ts';
import { isPlainStep, UNASSIGNED } from './fusion.ts';
import type { StepNode } from './steps.ts';

/**
 * Elementwise steps go where their operands are made: into the epilogue of a matrix product, else into one
 * call with the steps before them. Taken in order, so that whole chains grow together. Nothing is fused
 * that would keep more in memory than it saves, see `growsMemory`.
 */
export function fuseElementwise(fusion: Fusion, clusters: Map<number, Cluster>): void {
  const { nodes, draft } = fusion;
  for (let id = 0; id < nodes.length; id++) {
    const node = nodes[id] as Node;
    if (!fusion.isFree(node.id) || draft.isView(node.id)) continue;
    if (node.op === 'matmul') add(new Cluster(fusion, node.id, node as NodeOf<'matmul'>, emitCluster));
    else if (isPlainStep(node)) join(node);
  }

  mergeNumbers(fusion, clusters);

  function add(cluster: Cluster): Cluster {
    clusters.set(cluster.group.index, cluster);
    return cluster;
  }

  function join(node: StepNode): void {
    const makers = makersOf(node);
    const host =
      makers.find((cluster) => takeStep(fusion, cluster, node)) ??
      add(new Cluster(fusion, node.id, node, emitCluster));
    for (const other of makers) {
      if (other !== host && other.matmul === null && merge(fusion, other, host))
        clusters.delete(other.group.index);
    }
  }

  /** Clusters that compute what the node reads; those with a product first, the latest first. */
  function makersOf(node: StepNode): readonly Cluster[] {
    const found = new Set<Cluster>();
    for (const operand of fusion.operands[node.id] ?? []) {
      if (operand.from !== 'value') continue;
      const base = fusion.base(operand.id);
      const index = fusion.groupOf[base] ?? UNASSIGNED;
      const cluster = clusters.get(index);
      if (cluster?.makes(operand.id) === true) found.add(cluster);
    }
    const makers = [...found];
    if (makers.length < 2) return makers;
    return makers.sort(
      (a, b) => Number(b.matmul !== null) - Number(a.matmul !== null) || b.group.position - a.group.position,
    );
  }
}

/** Tries to merge numbers that failed; an optimizer that has numbers for each weight would make it a square of them. */
const MOST_REFUSED = 16;

/**
 * Single numbers (the mean loss, the norm of the gradients and the factor that clips them) go into one
 * call, the last of them, even where they have nothing to do with one another: a call costs more than they do.
 */
function mergeNumbers(fusion: Fusion, clusters: Map<number, Cluster>): void {
  const numbers = [...clusters.values()].filter(
    ({ matmul, shape }) => matmul === null && sizeOf(shape) === 1 && shape.length === 0,
  );
  numbers.sort((a, b) => b.group.position - a.group.position);
  for (const [i, into] of numbers.entries()) {
    if (into.group.members.length === 0) continue;
    let refused = 0;
    for (let j = i + 1; j < numbers.length && refused < MOST_REFUSED; j++) {
      const from = numbers[j] as Cluster;
      if (from.group.members.length === 0) continue;
      if (merge(fusion, from, into)) clusters.delete(from.group.index);
      else refused++;
    }
  }
}

/** Takes a step into the cluster that makes one of its operands, where the cluster is, or else where the step is. */
function takeStep(fusion: Fusion, cluster: Cluster, node: StepNode): boolean {
  const operands = fusion.operands[node.id] ?? [];
  if (!cluster.fits(node.shape, operands)) return false;
  const reads = fusion.reads(node.id);
  // A part of what the cluster computes is there only once the cluster is done.
  for (const operand of operands) {
    if (operand.from !== 'value' || cluster.makes(operand.id)) continue;
    if (fusion.groupOf[fusion.base(operand.id)] === cluster.group.index) return false;
  }
  if (!cluster.hasRoom([node.id])) return false;
  const { position } = cluster.group;
  const outside = reads.filter((base) => fusion.groupOf[base] !== cluster.group.index);
  const isEarly = outside.every((base) => fusion.isThereAt(base, position));
  if (isEarly && !growsEarly(fusion, cluster, node, outside)) {
    cluster.take([node.id], position);
    return true;
  }
  if (!fusion.mayBeAt(cluster.group.members, node.id, [node.id])) return false;
  if (growsLate(fusion, cluster, [node.id], node.id)) return false;
  cluster.take([node.id], node.id);
  return true;
}

/** Takes all of an elementwise cluster into another one. */
function merge(fusion: Fusion, from: Cluster, into: Cluster): boolean {
  const position = Math.max(from.group.position, into.group.position);
  for (const id of from.steps) {
    const operands = fusion.operands[id] ?? [];
    if (!into.fits((fusion.nodes[id] as StepNode).shape, operands)) return false;
    for (const operand of operands) {
      if (operand.from !== 'value' || into.makes(operand.id)) continue;
      if (fusion.groupOf[fusion.base(operand.id)] === into.group.index) return false;
    }
  }
  for (const id of into.steps) {
    for (const operand of fusion.operands[id] ?? []) {
      if (operand.from !== 'value' || from.makes(operand.id)) continue;
      if (fusion.groupOf[fusion.base(operand.id)] === from.group.index) return false;
    }
  }
  // What a product itself reads has to be in memory before it.
  for (const id of [into.matmul?.id, into.sums?.node]) {
    if (id !== undefined && fusion.reads(id).some((base) => from.steps.includes(base))) return false;
  }
  if (!into.hasRoom(from.steps)) return false;
  if (!fusion.mayBeAt(from.group.members, position, into.group.members)) return false;
  if (!fusion.mayBeAt(into.group.members, position, from.group.members)) return false;
  if (growsLate(fusion, from, into.group.members, position)) return false;
  if (growsLate(fusion, into, from.group.members, position)) return false;
  const { steps } = from;
  from.group.members = [];
  into.take(steps, position);
  return true;
}

/** Whether computing a step sooner, where its cluster is, keeps more bytes for the time until its own place than it frees. */
function growsEarly(fusion: Fusion, cluster: Cluster, node: StepNode, outside: readonly number[]): boolean {
  const { position } = cluster.group;
  if (!fusion.heavyBetween(position, node.id)) return false;
  let freed = 0;
  for (const base of fusion.reads(node.id)) {
    const readers = fusion.readers[base] as readonly number[];
    const isLast =
      fusion.kept[base] === 0 &&
      readers.every((reader) => reader === node.id || fusion.positionOf(reader) <= position);
    const isState = fusion.nodes[base]?.op === 'state';
    if (isLast && !isState && (outside.includes(base) || base !== node.id))
      freed += fusion.draft.value(base).size;
  }
  return fusion.draft.value(node.id).size > freed;
}

/** Whether computing a cluster later keeps more bytes of its operands alive than of its results it saves. */
function growsLate(fusion: Fusion, cluster: Cluster, besides: readonly number[], position: number): boolean {
  const { group } = cluster;
  if (sizeOf(cluster.shape) === 1) return false;
  if (group.position === position || !fusion.heavyBetween(group.position, position)) return false;
  let kept = 0;
  const seen = new Set<number>();
  for (const member of group.members) {
    for (const base of fusion.reads(member)) {
      if (seen.has(base) || group.members.includes(base)) continue;
      seen.add(base);
      const { op } = fusion.nodes[base] as StepNode | { readonly op: 'state' };
      if (op !== 'state' && fusion.lastPosition(base) < position) kept += fusion.draft.value(base).size;
    }
  }
  let saved = 0;
  for (const member of group.members) {
    const readers = fusion.readers[member] as readonly number[];
    const outside = readers.some((reader) => !group.members.includes(reader) && !besides.includes(reader));
    const wasStored = readers.some((reader) => !group.members.includes(reader));
    if (wasStored && !outside && fusion.kept[member] === 0) saved += fusion.draft.value(member).size;
  }
  return kept > saved;
}
