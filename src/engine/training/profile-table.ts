import type { DeviceCeilings, KernelTiming } from '../device.ts';
import { kernelKind } from './kernel-kinds.ts';
import type { RecordedKernels } from './recorded-step.ts';

/**
 * What a recorded step adds up to, for the screen and the command line alike. A row's bound is the time in
 * which a device at its ceilings would be done: the longer of its arithmetic and its bytes, kernel by kernel
 * (the roofline of Williams, Waterman and Patterson, 2009).
 */

/** One row per call, per kernel and module ("op"), per module, or per kind of kernel. */
export const GROUPINGS = ['kind', 'op', 'module', 'call'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface ProfileRow {
  /** Unique in the table. */
  readonly key: string;
  /** Of the kernel; of a group of several what they have in common. */
  readonly op: string;
  readonly module: string;
  readonly calls: number;
  readonly ms: number;
  /** Of the whole step, 0 to 1. */
  readonly share: number;
  readonly flops: number;
  readonly bytes: number;
  readonly flops_per_second: number;
  readonly bytes_per_second: number;
  /** Of the ceilings, 0 to 1 and rarely above; null where they are not known. */
  readonly of_best_flops: number | null;
  readonly of_best_bytes: number | null;
  /** The bound over the time that it took: how near these kernels are to what the device can do. */
  readonly of_best: number | null;
  /** Which of the two ceilings is the nearer; null where they are not known. */
  readonly bound_by: 'arithmetic' | 'memory' | null;
}

export interface ProfileTable {
  /** The longest first. */
  readonly rows: readonly ProfileRow[];
  /** All of them together. */
  readonly total: ProfileRow;
  /** Between kernels, when none ran; milliseconds. */
  readonly idle_ms: number;
}

export function profileTable(recorded: RecordedKernels, by: Grouping): ProfileTable {
  const groups = new Map<string, KernelTiming[]>();
  for (const [i, kernel] of recorded.kernels.entries()) {
    const key = keyOf(kernel, by, i);
    const group = groups.get(key);
    if (group) group.push(kernel);
    else groups.set(key, [kernel]);
  }
  const rows = [...groups].map(([key, kernels]) => rowOf(key, kernels, recorded, by));
  return {
    rows: rows.sort((a, b) => b.ms - a.ms),
    total: { ...rowOf('total', recorded.kernels, recorded, 'kind'), op: 'all', module: '' },
    idle_ms: Math.max(0, recorded.total_ms - busyMs(recorded.kernels)),
  };
}

function keyOf({ kernel, scope }: KernelTiming, by: Grouping, index: number): string {
  switch (by) {
    case 'kind':
      return kernelKind(kernel);
    case 'op':
      return `${kernel} ${layerless(scope)}`;
    case 'module':
      return scope;
    case 'call':
      return String(index);
  }
}

/** The layers of a stack do the same thing: "transformer.h.3.attn" is "transformer.h.*.attn". */
export function layerless(scope: string): string {
  return scope.replace(/\.\d+(?=\.|$)/g, '.*');
}

function rowOf(
  key: string,
  kernels: readonly KernelTiming[],
  { total_ms, ceilings }: RecordedKernels,
  by: Grouping,
): ProfileRow {
  const sum = (read: (kernel: KernelTiming) => number) => kernels.reduce((all, one) => all + read(one), 0);
  const [ms, flops, bytes] = [sum((k) => k.ms), sum((k) => k.flops), sum((k) => k.bytes)];
  const flops_per_second = perSecond(flops, ms);
  const bytes_per_second = perSecond(bytes, ms);
  const [first] = kernels;
  const same = kernels.every(({ kernel }) => kernel === first?.kernel) ? (first?.kernel ?? '') : null;
  return {
    key,
    op: by === 'kind' ? key : (same ?? `${new Set(kernels.map(({ kernel }) => kernel)).size} ops`),
    module: by === 'kind' ? '' : by === 'op' ? layerless(first?.scope ?? '') : (first?.scope ?? ''),
    calls: kernels.length,
    ms,
    share: total_ms > 0 ? ms / total_ms : 0,
    flops,
    bytes,
    flops_per_second,
    bytes_per_second,
    of_best_flops: ceilings && flops_per_second / ceilings.flops_per_second,
    of_best_bytes: ceilings && bytes_per_second / ceilings.bytes_per_second,
    of_best: ceilings && ms > 0 ? sum((kernel) => boundMs(kernel, ceilings)) / ms : null,
    bound_by:
      ceilings &&
      (flops / ceilings.flops_per_second >= bytes / ceilings.bytes_per_second ? 'arithmetic' : 'memory'),
  };
}

function boundMs({ flops, bytes }: KernelTiming, ceilings: DeviceCeilings): number {
  return 1000 * Math.max(flops / ceilings.flops_per_second, bytes / ceilings.bytes_per_second);
}

function perSecond(amount: number, ms: number): number {
  return ms > 0 ? (amount / ms) * 1000 : 0;
}

/** Time in which at least one kernel ran: kernels of a GPU may overlap. */
function busyMs(kernels: readonly KernelTiming[]): number {
  let [busy, until] = [0, 0];
  for (const { start_ms, ms } of [...kernels].sort((a, b) => a.start_ms - b.start_ms)) {
    busy += Math.max(0, start_ms + ms - Math.max(start_ms, until));
    until = Math.max(until, start_ms + ms);
  }
  return busy;
}

/** When this much of the step passes between kernels, that is what bounds it. */
const MUCH_IDLE = 0.4;

/** What bounds the step, in one or two sentences. */
export function boundInWords(recorded: RecordedKernels): string {
  if (recorded.kernels.length === 0) return 'Nothing was recorded.';
  const { rows, idle_ms } = profileTable(recorded, 'kind');
  const idle = recorded.total_ms > 0 ? idle_ms / recorded.total_ms : 0;
  if (idle > MUCH_IDLE) {
    return `For ${percent(idle)} of the step no kernel runs: starting ${recorded.kernels.length.toLocaleString('en')} of them takes longer than what they compute. A larger batch or a wider model makes better use of this device.`;
  }
  const [top] = rows;
  if (!top) return 'Nothing was recorded.';
  const most = `${top.op} take${top.op.endsWith('s') ? '' : 's'} ${percent(top.share)} of the step`;
  if (top.of_best === null) return `${most}.`;
  if (top.of_best > 1)
    return `${most}, faster than this device's memory: what they work on lies in its caches.`;
  const best = top.bound_by === 'memory' ? 'memory speed' : 'arithmetic';
  return `${most}, at ${percent(top.of_best)} of this device's best ${best}.`;
}

export function percent(fraction: number): string {
  const value = fraction * 100;
  return `${value > 0 && value < 1 ? value.toFixed(1) : value.toFixed(0)}%`;
}
