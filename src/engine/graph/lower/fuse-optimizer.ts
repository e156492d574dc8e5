import type { Node, NodeOf } from '../ir.ts';
import type { Fusion } from './fusion.ts';
import { SUM_SQUARES_CHUNK } from './scratch.ts';

/** One parameter's update, all in place. */
interface Segment {
  readonly update: NodeOf<'adamw_update'>;
  readonly m: NodeOf<'ema'>;
  readonly v: NodeOf<'ema_square'>;
  /** Nodes of the states p, m, v. */
  readonly states: readonly [number, number, number];
  readonly gradient: number;
  /** The product of gradient and factor, where there is one. */
  readonly clip: { readonly node: number; readonly factor: number } | null;
  /** Where the update may be skipped: the number that says so, and the nodes that choose p, m, v. */
  readonly guard: { readonly finite: number; readonly nodes: readonly [number, number, number] } | null;
}

/** A parameter's state with the value of its gradient. */
export interface ParameterGradient {
  readonly parameter: number;
  readonly gradient: number;
}

/**
 * The updates of all parameters by AdamW as one call over all of them, which reads and writes each
 * parameter, moment and gradient once; the factor that clips gradients is multiplied in on the way, and
 * nothing is written where the update is skipped.
 */
export function fuseAdamW(fusion: Fusion): readonly ParameterGradient[] {
  const families: Segment[][] = [];
  for (const node of fusion.nodesOf('adamw_update')) {
    const segment = segmentOf(fusion, node);
    if (segment === null) continue;
    const known = families.find((family) => areAlike(fusion, family[0] as Segment, segment));
    if (known === undefined) families.push([segment]);
    else known.push(segment);
  }
  const found: ParameterGradient[] = [];
  for (const family of families) {
    const members = family.flatMap(membersOf);
    const position = Math.max(...members);
    const written = new Set(family.flatMap(({ states }) => states));
    const usable = family.filter(
      (segment) =>
        !readsBeside(segment).some((id) => written.has(fusion.base(id))) &&
        mayUpdateAt(fusion, segment, position),
    );
    if (usable.length === 0) continue;
    emitFamily(fusion, usable, position);
    for (const { states, gradient } of usable) {
      found.push({ parameter: states[0], gradient });
      for (const state of states) fusion.overwritten.set(state, position);
    }
  }
  return found;
}

function membersOf({ update, m, v, clip, guard }: Segment): readonly number[] {
  return [update.id, m.id, v.id, ...(clip === null ? [] : [clip.node]), ...(guard?.nodes ?? [])];
}

/** What a segment's update reads besides the states that it writes: its call must write none of it. */
function readsBeside({ update, gradient, clip, guard }: Segment): readonly number[] {
  const scalars = [...update.inputs.slice(3), clip?.factor, guard?.finite];
  return [gradient, ...scalars.filter((id) => id !== undefined)];
}

/** Whether one call can update both: all scalars are the same. */
function areAlike(fusion: Fusion, a: Segment, b: Segment): boolean {
  for (let i = 3; i < 6; i++) {
    if (fusion.base(a.update.inputs[i] as number) !== fusion.base(b.update.inputs[i] as number)) return false;
  }
  return (
    a.clip?.factor === b.clip?.factor &&
    a.guard?.finite === b.guard?.finite &&
    a.m.attributes.beta === b.m.attributes.beta &&
    a.v.attributes.beta === b.v.attributes.beta &&
    a.update.attributes.epsilon === b.update.attributes.epsilon
  );
}

function emitFamily(fusion: Fusion, family: readonly Segment[], position: number): void {
  const { draft } = fusion;
  const members = family.flatMap(membersOf);
  const { update, m, v, clip, guard } = family[0] as Segment;
  const scalars = update.inputs.slice(3);
  if (clip !== null) scalars.push(draft.view(clip.factor, []));
  if (guard !== null) scalars.push(draft.view(guard.finite, []));
  for (const segment of family) {
    const values = segment.guard?.nodes ?? [segment.update.id, segment.m.id, segment.v.id];
    segment.states.forEach((state, i) => void draft.look(values[i] as number, state, 0));
  }
  fusion.group(position, members, () => {
    let flops = 0;
    for (const id of members) flops += draft.origin(fusion.nodes[id] as Node).flops;
    draft.call(
      'adamw',
      [...scalars, ...family.flatMap(({ states, gradient }) => [...states, gradient])],
      family.flatMap(({ states }) => states),
      {
        beta1: m.attributes.beta,
        beta2: v.attributes.beta,
        epsilon: update.attributes.epsilon,
        clipped: clip !== null,
        guarded: guard !== null,
        weight_decay: family.map((segment) => segment.update.attributes.weight_decay),
      },
      { scope: 'optimizer', flops },
    );
  });
}

function segmentOf(fusion: Fusion, update: NodeOf<'adamw_update'>): Segment | null {
  const [p = -1, m = -1, v = -1] = update.inputs;
  const [first, second] = [fusion.nodes[m], fusion.nodes[v]];
  if (first?.op !== 'ema' || second?.op !== 'ema_square') return null;
  const [m0 = -1, slope = -1] = first.inputs;
  const [v0 = -1] = second.inputs;
  if (second.inputs[1] !== slope) return null;
  const states = [p, m0, v0] as const;
  const guard = guardOf(fusion, states, [update.id, m, v]);
  const next = guard?.nodes ?? [update.id, m, v];
  if (!states.every((state, i) => nextOf(fusion, state) === next[i])) return null;
  const [chosen, firsts, seconds] = guard?.nodes.map((node) => [node]) ?? [[], [], []];
  if (!readOnlyBy(fusion, m, [update.id, ...(firsts ?? [])])) return null;
  if (!readOnlyBy(fusion, v, [update.id, ...(seconds ?? [])])) return null;
  if (!readOnlyBy(fusion, update.id, chosen ?? [])) return null;
  if (guard !== null && !guard.nodes.every((node) => readOnlyBy(fusion, node, []))) return null;
  const clip = clipOf(fusion, slope, [m, v]);
  const gradient = clip?.gradient ?? slope;
  return {
    ...{ update, m: first, v: second, states, gradient, guard },
    clip: clip && { node: slope, factor: clip.factor },
  };
}

/** Where each state's next value is its old one unless one number says otherwise: that number, and the nodes that choose. */
function guardOf(fusion: Fusion, states: Segment['states'], values: readonly number[]): Segment['guard'] {
  let finite = -1;
  const nodes = states.map((state, i) => {
    const node = fusion.nodes[nextOf(fusion, state) ?? -1];
    const [condition, next, before] = node?.op === 'where' ? (fusion.operands[node.id] ?? []) : [];
    if (condition?.from !== 'value' || next?.from !== 'value' || before?.from !== 'value') return -1;
    if (fusion.draft.value(condition.id).size !== 1 || (finite !== -1 && condition.id !== finite)) return -1;
    finite = condition.id;
    return next.id === values[i] && before.id === state && node !== undefined ? node.id : -1;
  });
  const [p = -1, m = -1, v = -1] = nodes;
  return nodes.includes(-1) ? null : { finite, nodes: [p, m, v] };
}

/** gradient * factor, if only these two read it. */
function clipOf(fusion: Fusion, id: number, readers: readonly number[]) {
  const node = fusion.nodes[id];
  if (node?.op !== 'mul' || fusion.kept[id] === 1 || !readOnlyBy(fusion, id, readers)) return null;
  const [a, b] = fusion.operands[id] ?? [];
  if (a?.from !== 'value' || b?.from !== 'value') return null;
  const size = (value: number): number => fusion.draft.value(value).size;
  const own = size(id);
  if (size(b.id) === 1 && size(a.id) === own) return { gradient: a.id, factor: b.id };
  return size(a.id) === 1 && size(b.id) === own ? { gradient: b.id, factor: a.id } : null;
}

/** The node of a state's next value. */
function nextOf(fusion: Fusion, state: number): number | undefined {
  const node = fusion.nodes[state];
  return node?.op === 'state' ? fusion.draft.program.updates[node.attributes.name] : undefined;
}

function readOnlyBy(fusion: Fusion, id: number, readers: readonly number[]): boolean {
  return (fusion.readers[id] as readonly number[]).every((reader) => readers.includes(reader));
}

/** Whether nobody needs the old values once they are overwritten, and everything is there by then. */
function mayUpdateAt(fusion: Fusion, segment: Segment, position: number): boolean {
  const { states } = segment;
  const members = membersOf(segment);
  if (!members.every((id) => fusion.isFree(id)) || !fusion.mayBeAt(members, position)) return false;
  return states.every(
    (state) =>
      fusion.kept[state] === 0 &&
      (fusion.readers[state] as readonly number[]).every(
        (reader) => members.includes(reader) || fusion.positionOf(reader) < position,
      ),
  );
}

/** The norm over all gradients: the squares of many tensors added up by one call. */
export function fuseSumSquares(fusion: Fusion): void {
  const { draft, nodes } = fusion;
  for (const node of [...fusion.nodesOf('add_n'), ...fusion.nodesOf('add')]) {
    if (!fusion.isFree(node.id) || nodes[node.inputs[0] as number]?.op !== 'sum_squares') continue;
    const terms = node.inputs.map((id) => nodes[id] as Node);
    const isOnlySquares = terms.every(
      (term, i) =>
        term.op === 'sum_squares' &&
        fusion.isFree(term.id) &&
        fusion.onlyReader(term.id) === node &&
        terms.indexOf(term) === i,
    );
    if (!isOnlySquares || !fusion.mayBeAt(node.inputs, node.id, [node.id])) continue;
    fusion.group(node.id, [node.id, ...node.inputs], () => {
      let flops = draft.origin(node).flops;
      for (const term of terms) flops += draft.origin(term).flops;
      const inputs = terms.map((term) => term.inputs[0] as number);
      draft.call(
        'sum_squares',
        inputs,
        [node.id],
        { chunk: SUM_SQUARES_CHUNK },
        { scope: 'optimizer', flops },
      );
    });
  }
}
