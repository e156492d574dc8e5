import { Text } from '@mantine/core';
import type { DeviceCeilings, KernelTiming } from '../../../engine/device.ts';
import { percent } from '../../../engine/training/profile-table.ts';
import { milliseconds } from '../../../engine/training/profile-text.ts';
import { formatBytes, formatFlops } from '../../../ui/format.ts';

/** What there is to know of one kernel of the timeline, in a line that is always there: nothing below it moves. */
export function KernelFacts({
  kernel,
  ceilings,
}: {
  readonly kernel: KernelTiming | null;
  readonly ceilings: DeviceCeilings | null;
}) {
  if (kernel === null)
    return (
      <Text size="xs" c="dimmed" mih={36} pt={6}>
        Point at a kernel to read what it did.
      </Text>
    );
  const { ms, flops, bytes } = kernel;
  const facts = [`${milliseconds(ms)} ms`, `from ${milliseconds(kernel.start_ms)} ms on`];
  if (flops > 0) facts.push(formatFlops(flops));
  if (bytes > 0) facts.push(formatBytes(bytes));
  if (ceilings !== null && ms > 0) {
    const arithmetic = (flops / ms) * 1000;
    const memory = (bytes / ms) * 1000;
    facts.push(
      `${percent(arithmetic / ceilings.flops_per_second)} of the best arithmetic`,
      `${percent(memory / ceilings.bytes_per_second)} of the best memory speed`,
    );
  }
  return (
    <Text size="xs" mih={36} pt={6} style={{ overflowWrap: 'anywhere' }}>
      <Text span inherit fw={600}>
        {kernel.kernel}
      </Text>{' '}
      {kernel.scope}
      <Text span inherit c="dimmed">
        {' '}
        · {facts.join(' · ')}
      </Text>
    </Text>
  );
}
