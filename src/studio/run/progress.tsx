import { Group, Progress, Text } from '@mantine/core';
import type { MetricSeries } from '../../domain/runs/metrics.ts';
import { isActive, type Run } from '../../domain/runs/run.ts';
import { useDoingWords } from '../../ui/doing.tsx';
import { formatSeconds } from '../../ui/format.ts';
import { useServices } from '../app/services.ts';
import { usePreparing } from '../shared/preparing.ts';

/** How far the run is, and how long it still takes at the pace of its latest steps. */
export function RunProgress({ run, metrics }: { readonly run: Run; readonly metrics: MetricSeries }) {
  const step = Math.max(run.step, isActive(run) ? (metrics.steps.at(-1)?.step ?? 0) : run.step);
  const share = run.max_steps === 0 ? 0 : Math.min(1, step / run.max_steps);
  const { training } = useServices();
  const preparing = useDoingWords(usePreparing(training.preparing, run.id));
  const left = run.state === 'running' ? secondsLeft(run, step, metrics) : null;
  return (
    <div>
      <Group justify="space-between" mb={4} gap="xs">
        <Text size="sm">
          Step {step.toLocaleString('en')} of {run.max_steps.toLocaleString('en')}
        </Text>
        <Text size="sm" c="dimmed">
          {run.state === 'queued'
            ? preparing || 'Getting ready'
            : left === null
              ? ''
              : `about ${formatSeconds(left)} left`}
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
function secondsLeft(run: Run, step: number, metrics: MetricSeries): number | null {
  const recent = metrics.steps
    .slice(-21)
    .map((row) => row.step_ms)
    .sort((a, b) => a - b);
  const median = recent[Math.floor(recent.length / 2)];
  return median === undefined ? null : ((run.max_steps - step) * median) / 1000;
}
