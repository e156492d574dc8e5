import type { StepRecord } from '../contest/calls.ts';

/** One line for each kernel, the longest first: what it cost and how near it came to the device's ceilings. */
export function profileTable({ total_ms, clock, kernels, ceilings }: StepRecord): string {
  const groups = new Map<string, { calls: number; ms: number; flops: number; bytes: number }>();
  for (const { kernel, ms, flops, bytes } of kernels) {
    const group = groups.get(kernel) ?? { calls: 0, ms: 0, flops: 0, bytes: 0 };
    group.calls += 1;
    group.ms += ms;
    group.flops += flops;
    group.bytes += bytes;
    groups.set(kernel, group);
  }
  const share = (rate: number, ceiling: number | undefined) =>
    ceiling === undefined ? '' : `${((100 * rate) / ceiling).toFixed(0)}%`;
  const rows = [...groups]
    .sort(([, a], [, b]) => b.ms - a.ms)
    .map(([kernel, { calls, ms, flops, bytes }]) => [
      kernel,
      String(calls),
      ms.toFixed(3),
      `${((100 * ms) / total_ms).toFixed(1)}%`,
      (bytes / 1e6).toFixed(2),
      (flops / 1e6).toFixed(1),
      (flops / ms / 1e6).toFixed(1),
      share((1000 * flops) / ms, ceilings?.flops_per_second),
      (bytes / ms / 1e6).toFixed(1),
      share((1000 * bytes) / ms, ceilings?.bytes_per_second),
    ]);
  const head = ['kernel', 'calls', 'ms', 'of step', 'MB', 'MFLOP', 'GFLOP/s', 'of best', 'GB/s', 'of best'];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ');
  const inside = kernels.reduce((sum, { ms }) => sum + ms, 0);
  const foot = `one step of ${total_ms.toFixed(2)} ms by ${clock}; ${inside.toFixed(2)} ms of it in kernels`;
  return [line(head), ...rows.map(line), foot].join('\n');
}
