import type { PlanTensor, TensorId } from '../../graph/lower/kernel-plan.ts';
import type { StateLayout } from '../../graph/lower/state-layout.ts';
import { accessors, type GroupVariables } from './access.ts';
import type { AdapterFacts } from './adapter-facts.ts';
import type { Binding, Bound, BoundTensor, Enable, KernelContext, Workgroups } from './dispatch.ts';
import { type Group, groupRanges, pieceCount } from './groups.ts';
import { noRoom } from './limits.ts';
import { idsOf, type Reach, reachOf } from './reach.ts';
import { piecesOf, widthOf } from './spaces.ts';
import type { Space, Wanted } from './wanted.ts';

/** What else is bound where several dispatches share one: see merge.ts. */
export interface Companions {
  readonly before: readonly Reach[];
  readonly after: readonly Reach[];
  /** Tables of those before this one, and of all others. */
  readonly tablesBefore: number;
  readonly tables: number;
}

export interface ContextParts {
  readonly tensors: readonly PlanTensor[];
  readonly state: StateLayout;
  readonly adapter: AdapterFacts;
  readonly tuned: ReadonlyMap<string, string>;
  /** By the number of the `bind` in its call. */
  readonly companions?: ReadonlyMap<number, Companions>;
  /** What tensors are instead, where the call is a part of another. */
  readonly views?: ReadonlyMap<TensorId, PlanTensor>;
  /** Counts the `bind`s of a call and its parts. */
  readonly serial?: { next: number };
}

const ALONE: Companions = { before: [], after: [], tablesBefore: 0, tables: 0 };

/** Makes the context in which one call of a plan becomes dispatches. */
export function kernelContext(parts: ContextParts): KernelContext {
  const { tensors, state, adapter, tuned } = parts;
  const tensor = (id: TensorId): PlanTensor => {
    const found = parts.views?.get(id) ?? tensors[id];
    if (found === undefined) throw new RangeError(`the plan has no tensor ${id}`);
    return found;
  };
  const grouped = (wanted: Readonly<Record<string, Wanted>>, others: Companions): Grouped => {
    const all = Object.values(wanted).map((one) => reachOf(one, tensor, state));
    const reaches = [...others.before, ...all.filter((one) => one !== null), ...others.after];
    const free = adapter.max_bindings - all.filter((one) => one === null).length - others.tables;
    const groups = groupRanges(
      reaches.map(({ range }) => range),
      adapter,
      free,
    );
    // In the order of use, not of addresses, which are others in each layer.
    const rank = new Map(reaches.map((reach, i) => [groupOf(reach, groups), i] as const).reverse());
    const order = groups.map((group, i) => ({ group, at: rank.get(i) ?? 0 })).sort((a, b) => a.at - b.at);
    return { groups: order.map(({ group }) => group), fits: pieceCount(groups, adapter) <= free };
  };
  const serial = parts.serial ?? { next: 0 };
  return {
    adapter,
    tuned,
    tensor,
    fits: (wanted) => grouped(wanted, ALONE).fits,
    bind(label, wanted) {
      const number = serial.next++;
      const others = parts.companions?.get(number) ?? ALONE;
      const { groups, fits } = grouped(wanted, others);
      if (!fits) {
        const ids = (Object.values(wanted) as Wanted[]).flatMap((one) => idsOf(one));
        throw noRoom(label, ids.map(tensor), adapter);
      }
      return bound(label, wanted, { groups, tensor, state, adapter, others, number });
    },
  };
}

interface Grouped {
  readonly groups: readonly Group[];
  readonly fits: boolean;
}

interface Given {
  readonly groups: readonly Group[];
  readonly tensor: (id: TensorId) => PlanTensor;
  readonly state: StateLayout;
  readonly adapter: AdapterFacts;
  readonly others: Companions;
  readonly number: number;
}

function bound<Name extends string>(
  label: string,
  wanted: Readonly<Record<Name, Wanted>>,
  { groups, tensor, state, adapter, others, number }: Given,
): Bound<Name> {
  const entries = (Object.entries(wanted) as [Name, Wanted][]).map(([name, one]) => {
    const reach = reachOf(one, tensor, state);
    return { name, one, reach, group: reach === null ? -1 : groupOf(reach, groups) };
  });
  const usersOf = (group: number): Reach[] => [
    ...entries.flatMap((one) => (one.group === group && one.reach ? [one.reach] : [])),
    ...[...others.before, ...others.after].filter((reach) => groupOf(reach, groups) === group),
  ];

  // A buffer that is written anywhere is writable everywhere.
  const writable = new Set<string>();
  const key = (space: Space, buffer: number) => `${space} ${buffer}`;
  for (const [i, group] of groups.entries()) {
    if (!usersOf(i).some(({ written }) => written)) continue;
    for (const { buffer } of piecesOf(group, adapter)) writable.add(key(group.space, buffer));
  }

  const bindings: Binding[] = [];
  /** In words of 4 bytes. */
  const offsetOf = (reach: Reach, group: Group) =>
    ((reach.firsts.length === 1 ? (reach.firsts[0] as number) : reach.range.start) - group.start) / 4;
  const variables = groups.map((group, i): GroupVariables => {
    const pieces = piecesOf(group, adapter).map((piece) => {
      const access = writable.has(key(group.space, piece.buffer)) ? 'read_write' : 'read';
      const index = bindings.push({ kind: 'range', space: group.space, ...piece, access }) - 1;
      return { index, access, bytes: piece.bytes } as const;
    });
    const uses = usersOf(i).map((reach) => ({ ...reach, offset: offsetOf(reach, group) }));
    return { name: `g${i}`, pieces, uses };
  });

  const { declarations, tensorAccess, tableAccess } = accessors(variables);
  const tensors: Partial<Record<Name, BoundTensor>> = {};
  const text: string[] = [];
  let tables = 0;
  for (const [i, { name, one, reach, group }] of entries.entries()) {
    if (reach === null) {
      if (!('table' in one)) continue;
      const index = variables.flatMap(({ pieces }) => pieces).length + others.tablesBefore + tables++;
      bindings.push({ kind: 'table', values: one.table });
      tensors[name] = tableAccess(index, one.table.length, text);
      continue;
    }
    const offset = offsetOf(reach, groups[group] as Group);
    const from = (groups[group] as Group).start + offset * 4;
    const { scalar, vector, row_stride } = reach;
    const starts = reach.firsts.map((first) => (first - from) / widthOf(scalar));
    tensors[name] = tensorAccess({ id: `t${i}`, group, scalar, vector, offset, row_stride, starts }, text);
  }
  const reaches = entries.flatMap(({ reach }) => (reach === null ? [] : [reach]));
  return {
    tensors: tensors as Record<Name, BoundTensor>,
    dispatch: (body: string, workgroups: Workgroups, enable: readonly Enable[] = []) => ({
      label,
      code: [...enable.map((one) => `enable ${one};`), ...declarations, ...text, body].join('\n'),
      bindings,
      workgroups,
      parts: { enable, declarations, module: [...text, body].join('\n'), reaches, tables, number },
    }),
  };
}

function groupOf({ range }: Reach, groups: readonly Group[]): number {
  return groups.findIndex(
    ({ space, start, end }) => space === range.space && start <= range.start && range.start < end,
  );
}
