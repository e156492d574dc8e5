import { aligned } from '../arena.ts';
import type { StateSpec } from '../ir.ts';
import { sizeOf } from '../sizes.ts';
import type { Draft } from './draft.ts';
import type { ParameterGradient } from './fuse-optimizer.ts';

/** Where the states of a session lie when they are kept in one piece of memory. */
export interface StateLayout {
  /** In the order in which they lie. */
  readonly order: readonly StateSpec[];
  /** Bytes, multiples of 256, by name. */
  readonly offsets: ReadonlyMap<string, number>;
  readonly total: number;
}

const BYTES_PER_ELEMENT = 4;

/**
 * Parameters with weight decay come first (as in the optimizers: those of two axes or more), then the
 * others; what is kept for each parameter (moments, accumulated gradients) comes in families of one
 * prefix, each in the order of the parameters. So a kernel finds everything that belongs to one parameter
 * at one and the same distance from the starts of the families.
 */
export function stateLayout(state: readonly StateSpec[]): StateLayout {
  const parameters = decayFirst(
    state.filter((spec) => spec.kind === 'parameter'),
    (spec) => spec.shape,
  );
  const rank = new Map(parameters.map((spec, i) => [spec.name, i]));
  const families = new Map<string, StateSpec[]>();
  const others: StateSpec[] = [];
  for (const spec of state) {
    if (spec.kind === 'parameter') continue;
    const prefix = prefixOf(spec.name, rank);
    if (prefix === null) others.push(spec);
    else if (families.has(prefix)) families.get(prefix)?.push(spec);
    else families.set(prefix, [spec]);
  }
  const order = [...parameters];
  for (const [prefix, family] of families) {
    const place = (spec: StateSpec): number => rank.get(spec.name.slice(prefix.length)) ?? 0;
    order.push(...family.sort((a, b) => place(a) - place(b)));
  }
  order.push(...others);
  const offsets = new Map<string, number>();
  let total = 0;
  for (const { name, shape } of order) {
    offsets.set(name, total);
    total += aligned(sizeOf(shape) * BYTES_PER_ELEMENT);
  }
  return { order, offsets, total };
}

/** Offsets in the arena at which gradients lie as their parameters do in the state, without gaps for others. By base. */
export function gradientOffsets(
  draft: Draft,
  gradients: readonly ParameterGradient[],
): ReadonlyMap<number, number> {
  const offsets = new Map<number, number>();
  const byParameter = new Map(gradients.map((pair) => [pair.parameter, pair]));
  const sorted: ParameterGradient[] = [];
  for (const name in draft.program.state) {
    const pair = byParameter.get(draft.program.state[name] as number);
    if (pair !== undefined) sorted.push(pair);
  }
  let offset = 0;
  for (const { gradient } of decayFirst(sorted, ({ parameter }) => draft.value(parameter).shape)) {
    const { base, size } = draft.value(gradient);
    const { op } = draft.nodes[base] ?? { op: 'input' };
    const isOwn = draft.value(base).size === size && op !== 'input' && op !== 'state' && !offsets.has(base);
    if (isOwn) offsets.set(base, offset);
    offset += aligned(size * BYTES_PER_ELEMENT);
  }
  return offsets;
}

/** Weight decay is for matrices, see buildUpdate; the order is otherwise kept. */
function decayFirst<T>(items: readonly T[], shapeOf: (item: T) => readonly number[]): T[] {
  const decays = (item: T): boolean => shapeOf(item).length >= 2;
  return [...items.filter(decays), ...items.filter((item) => !decays(item))];
}

/** `adam.m.` of `adam.m.transformer.wte.weight`: what stands before a parameter's name. */
function prefixOf(name: string, parameters: ReadonlyMap<string, number>): string | null {
  for (let at = name.indexOf('.'); at >= 0; at = name.indexOf('.', at + 1)) {
    if (parameters.has(name.slice(at + 1))) return name.slice(0, at + 1);
  }
  return null;
}
