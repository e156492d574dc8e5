import { Group, Progress, Text } from '@mantine/core';
import type { MetricSeries } from '../../domain/runs/metrics.ts';
import { isActive, type Run } from '../../domain/runs/run.ts';
import { useDoingWords } from '../../ui/doing.tsx';
import { formatCount, formatSeconds } from '../../ui/format.ts';
import { useServices } from '../app/services.ts';
import { usePreparing } from '../shared/preparing.ts';

/** How far the run is, how long it still takes, and how many tokens it learns from a second, by its latest steps. */
export function RunProgress({ run, metrics }: { readonly run: Run; readonly metrics: MetricSeries }) {
  const step = Math.max(run.step, isActive(run) ? (metrics.steps.at(-1)?.step ?? 0) : run.step);
  const share = run.max_steps === 0 ? 0 : Math.min(1, step / run.max_steps);
  const { training } = useServices();
  const preparing = useDoingWords(usePreparing(training.preparing, run.id));
  const step_ms = medianOf(metrics.steps.map((row) => row.step_ms));
  const pace = medianOf(metrics.steps.map((row) => row.tokens_per_second));
  const left = run.state === 'running' && step_ms !== null ? ((run.max_steps - step) * step_ms) / 1000 : null;
  const words = [
    ...(left === null ? [] : [`about ${formatSeconds(left)} left`]),
    ...(pace === null ? [] : [`${formatCount(pace)} tokens per second`]),
  ];
  return (
    <div>
      <Group justify="space-between" mb={4} gap="xs">
        <Text size="sm">
          Step {step.toLocaleString('en')} of {run.max_steps.toLocaleString('en')}
        </Text>
        <Text size="sm" c="dimmed">
          {run.state === 'queued' ? preparing || 'Getting ready' : words.join(' · ')}
        </Text>
      </Group>
      <Progress
        value={run.state === 'queued' ? 100 : share * 100}
        // Moving stripes cost a repaint a frame; for the short time that nothing is known they say that it lives.
        animated={run.state === 'queued'}
        color={run.state === 'failed' ? 'red' : run.state === 'finished' ? 'green' : 'ember'}
        aria-label={`Step ${step} of ${run.max_steps}`}
      />
    </div>
  );
}

/** The median of the last steps: one slow step (an evaluation, a sleeping laptop) does not shift it. */
function medianOf(values: readonly number[]): number | null {
  const recent = values.slice(-21).sort((a, b) => a - b);
  return recent[Math.floor(recent.length / 2)] ?? null;
}
