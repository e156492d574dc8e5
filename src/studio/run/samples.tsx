import { Group, Paper, Slider, Stack, Text } from '@mantine/core';
import { memo, useState } from 'react';
import type { StoredEvent } from '../../domain/runs/events.ts';
import { formatRate } from '../../ui/format.ts';

/** What the model wrote as it learned: drag through the steps and watch it find its words. */
export const RunSamples = memo(function RunSamples({ events }: { readonly events: readonly StoredEvent[] }) {
  const samples = events.flatMap(({ event }) => (event.type === 'sampled' ? [event] : []));
  const [chosen, setChosen] = useState<number | null>(null);
  const index = Math.min(chosen ?? samples.length - 1, samples.length - 1);
  const sample = samples[index];
  if (sample === undefined)
    return (
      <Text size="sm" c="dimmed" py="md">
        No samples yet: one is taken at each evaluation, and when you press Sample.
      </Text>
    );
  return (
    <Stack gap="xs" py="xs">
      <Group gap="md" wrap="nowrap">
        <Text size="sm" miw={90}>
          Step {sample.step.toLocaleString('en')}
        </Text>
        {samples.length > 1 && (
          <Slider
            flex={1}
            min={0}
            max={samples.length - 1}
            value={index}
            onChange={(value) => setChosen(value === samples.length - 1 ? null : value)}
            label={(value) => `step ${samples[value]?.step ?? 0}`}
            thumbProps={{ 'aria-label': 'Sample' }}
          />
        )}
        <Text size="xs" c="dimmed">
          {sample.tokens_per_second !== undefined &&
            sample.tokens_per_second > 0 &&
            `${formatRate(sample.tokens_per_second)} tokens per second · `}
          {index + 1} of {samples.length}
        </Text>
      </Group>
      <Paper
        withBorder
        p="sm"
        ff="monospace"
        fz="sm"
        style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
      >
        {sample.text}
      </Paper>
    </Stack>
  );
});
