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
}

/** A parameter's state with the value of its gradient. */
export interface ParameterGradient {
  readonly parameter: number;
  readonly gradient: number;
}

/**
 * The updates of all parameters by AdamW as one call over all of them, which reads and writes each
 * parameter, moment and gradient once; the factor that clips gradients is multiplied in on the way.
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
    const members = family.flatMap(({ update, m, v, clip }) =>
      [update.id, m.id, v.id].concat(clip === null ? [] : [clip.node]),
    );
    const position = Math.max(...members);
    const usable = family.filter((segment) => mayUpdateAt(fusion, segment, position));
    if (usable.length === 0) continue;
    emitFamily(fusion, usable, position);
    for (const { states, gradient } of usable) found.push({ parameter: states[0], gradient });
  }
  return found;
}

/** Whether one call can update both: all scalars are the same. */
function areAlike(fusion: Fusion, a: Segment, b: Segment): boolean {
  for (let i = 3; i < 6; i++) {
    if (fusion.base(a.update.inputs[i] as number) !== fusion.base(b.update.inputs[i] as number)) return false;
  }
  return (
    a.clip?.factor === b.clip?.factor &&
    a.m.attributes.beta === b.m.attributes.beta &&
    a.v.attributes.beta === b.v.attributes.beta &&
    a.update.attributes.epsilon === b.update.attributes.epsilon
  );
}

function emitFamily(fusion: Fusion, family: readonly Segment[], position: number): void {
  const { draft } = fusion;
  const members = family.flatMap(({ update, m, v, clip }) =>
    [update.id, m.id, v.id].concat(clip === null ? [] : [clip.node]),
  );
  const { update, m, v, clip } = family[0] as Segment;
  const scalars = update.inputs.slice(3);
  if (clip !== null) scalars.push(draft.view(clip.factor, []));
  for (const segment of family) {
    const values = [segment.update.id, segment.m.id, segment.v.id];
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
  if (!updates(fusion, p, update.id) || !updates(fusion, m0, m) || !updates(fusion, v0, v)) return null;
  if (!readOnlyBy(fusion, m, [update.id]) || !readOnlyBy(fusion, v, [update.id])) return null;
  if (!readOnlyBy(fusion, update.id, [])) return null;
  const clip = clipOf(fusion, slope, [m, v]);
  const segment = { update, m: first, v: second, states: [p, m0, v0] as const };
  return {
    ...segment,
    gradient: clip?.gradient ?? slope,
    clip: clip && { node: slope, factor: clip.factor },
  };
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

/** Whether `state` is a state whose next value is `value`. */
function updates(fusion: Fusion, state: number, value: number): boolean {
  const node = fusion.nodes[state];
  return node?.op === 'state' && fusion.draft.program.updates[node.attributes.name] === value;
}

function readOnlyBy(fusion: Fusion, id: number, readers: readonly number[]): boolean {
  return (fusion.readers[id] as readonly number[]).every((reader) => readers.includes(reader));
}

/** Whether nobody needs the old values once they are overwritten, and everything is there by then. */
function mayUpdateAt(fusion: Fusion, segment: Segment, position: number): boolean {
  const { update, m, v, clip, states } = segment;
  const members = [update.id, m.id, v.id].concat(clip === null ? [] : [clip.node]);
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
    if (!isOnlySquares) continue;
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
