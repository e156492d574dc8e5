import type { PlanTensor, TensorId } from '../../graph/lower/kernel-plan.ts';
import type { StateLayout } from '../../graph/lower/state-layout.ts';
import { accessors, type GroupVariables } from './access.ts';
import type {
  AdapterFacts,
  Binding,
  Bound,
  BoundTensor,
  Enable,
  KernelContext,
  Scalar,
  Space,
  Vector,
  Wanted,
  Workgroups,
} from './dispatch.ts';
import { type Group, groupRanges, pieceCount } from './groups.ts';
import { noRoom } from './limits.ts';
import { type ByteRange, firstByte, piecesOf, rangeOf } from './spaces.ts';

/** Makes the context in which the calls of one plan become dispatches. */
export function kernelContext(
  tensors: readonly PlanTensor[],
  state: StateLayout,
  adapter: AdapterFacts,
  tuned: ReadonlyMap<string, string>,
): KernelContext {
  const tensor = (id: TensorId): PlanTensor => {
    const found = tensors[id];
    if (found === undefined) throw new RangeError(`the plan has no tensor ${id}`);
    return found;
  };
  const grouped = (wanted: Readonly<Record<string, Wanted>>): Grouped => {
    const all = Object.values(wanted).map((one) => reachOf(one, tensor, state));
    const reaches = all.filter((one) => one !== null);
    const free = adapter.max_bindings - (all.length - reaches.length);
    const groups = groupRanges(
      reaches.map(({ range }) => range),
      adapter,
      free,
    );
    return { groups, fits: pieceCount(groups, adapter) <= free };
  };
  return {
    adapter,
    tuned,
    tensor,
    fits(wanted) {
      return grouped(wanted).fits;
    },
    bind(label, wanted) {
      const { groups, fits } = grouped(wanted);
      if (!fits) {
        const ids = (Object.values(wanted) as Wanted[]).flatMap((one) => idsOf(one));
        throw noRoom(label, ids.map(tensor), adapter);
      }
      return bound(label, wanted, { groups, tensor, state, adapter });
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
}

/** What is wanted of memory, whether one tensor or several. */
interface Reach {
  readonly range: ByteRange;
  readonly written: boolean;
  readonly scalar: Scalar;
  readonly vector: Vector;
  readonly row_stride: number;
  /** Byte of the space at which each tensor begins. */
  readonly firsts: readonly number[];
}

function idsOf(wanted: Wanted): readonly TensorId[] {
  if ('table' in wanted) return [];
  return 'tensor' in wanted ? [wanted.tensor] : wanted.tensors;
}

function reachOf(wanted: Wanted, tensor: (id: TensorId) => PlanTensor, state: StateLayout): Reach | null {
  if ('table' in wanted) return null;
  const tensors = idsOf(wanted).map(tensor);
  const [first] = tensors;
  if (first === undefined) throw new RangeError('a span of no tensors');
  const part = 'part' in wanted ? wanted.part : undefined;
  const ranges = tensors.map((one) => rangeOf(one, state, part));
  const { space } = ranges[0] as ByteRange;
  if (ranges.some((range) => range.space !== space)) throw new RangeError('a span lies in one space');
  const start = Math.min(...ranges.map((range) => range.start));
  const end = Math.max(...ranges.map((range) => range.end));
  return {
    range: { space, start, end },
    written: wanted.access === 'write',
    scalar: ('type' in wanted ? wanted.type : undefined) ?? first.dtype,
    vector: wanted.vector ?? 1,
    row_stride: first.row_stride ?? first.shape.at(-1) ?? 1,
    firsts: tensors.map((one) => firstByte(one, state) + 4 * (part?.first ?? 0)),
  };
}

function bound<Name extends string>(
  label: string,
  wanted: Readonly<Record<Name, Wanted>>,
  { groups, tensor, state, adapter }: Given,
): Bound<Name> {
  const entries = (Object.entries(wanted) as [Name, Wanted][]).map(([name, one]) => {
    const reach = reachOf(one, tensor, state);
    const group =
      reach === null
        ? -1
        : groups.findIndex(
            ({ space, start, end }) =>
              space === reach.range.space && start <= reach.range.start && reach.range.start < end,
          );
    return { name, one, reach, group };
  });
  const usersOf = (group: number) =>
    entries.flatMap((one) => (one.group === group && one.reach ? [one.reach] : []));

  // A buffer that is written anywhere is writable everywhere.
  const writable = new Set<string>();
  const key = (space: Space, buffer: number) => `${space} ${buffer}`;
  for (const [i, group] of groups.entries()) {
    if (!usersOf(i).some(({ written }) => written)) continue;
    for (const { buffer } of piecesOf(group, adapter)) writable.add(key(group.space, buffer));
  }

  const bindings: Binding[] = [];
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
  for (const [i, { name, one, reach, group }] of entries.entries()) {
    if (reach === null) {
      if (!('table' in one)) continue;
      const index = bindings.push({ kind: 'table', values: one.table }) - 1;
      tensors[name] = tableAccess(index, one.table.length, text);
      continue;
    }
    const offset = offsetOf(reach, groups[group] as Group);
    const from = (groups[group] as Group).start + offset * 4;
    const { scalar, vector, row_stride } = reach;
    const starts = reach.firsts.map((first) => (first - from) / 4);
    tensors[name] = tensorAccess({ id: `t${i}`, group, scalar, vector, offset, row_stride, starts }, text);
  }
  return {
    tensors: tensors as Record<Name, BoundTensor>,
    dispatch: (body: string, workgroups: Workgroups, enable: readonly Enable[] = []) => ({
      label,
      code: [...enable.map((one) => `enable ${one};`), ...declarations, ...text, body].join('\n'),
      bindings,
      workgroups,
    }),
  };
}
