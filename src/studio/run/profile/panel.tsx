import { Button, Group, Stack, Text } from '@mantine/core';
import { IconDownload, IconStopwatch } from '@tabler/icons-react';
import { useState } from 'react';
import { chromeTrace } from '../../../domain/runs/chrome-trace.ts';
import { canRecord } from '../../../domain/runs/recording.ts';
import type { Run } from '../../../domain/runs/run.ts';
import { boundInWords } from '../../../engine/training/profile-table.ts';
import { milliseconds } from '../../../engine/training/profile-text.ts';
import type { RecordedStep } from '../../../engine/training/recorded-step.ts';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import { useServices } from '../../app/services.ts';
import { download } from '../../shared/files.ts';
import { useWatched } from '../../shared/use-watched.ts';
import { ProfileRows } from './table.tsx';
import { Timeline } from './timeline.tsx';

/** Where the time of a step goes: the step that was recorded last, and a button for another. */
export function RunProfile({ run, onRecord }: { readonly run: Run; readonly onRecord: () => void }) {
  const { runs } = useServices();
  const { value: recorded, error } = useWatched(
    run.id,
    () => runs.recording(run.id),
    (listener) => runs.watchRecording(run.id, listener),
  );
  /** Which recording there was when another was asked for. */
  const [asked, setAsked] = useState<{ readonly instead: number | null } | null>(null);
  if (error !== null) return <ErrorNotice error={error} />;
  if (recorded === undefined) return null;
  const step = recorded?.step ?? null;
  const waiting = asked !== null && asked.instead === step && run.state === 'running';
  const why = whyNot(run, recorded !== null);
  return (
    <Stack gap="sm" py="xs">
      <Group gap="xs">
        {why === null && (
          <Button
            size="xs"
            variant={recorded === null ? 'filled' : 'default'}
            leftSection={<IconStopwatch size={14} />}
            loading={waiting}
            onClick={() => {
              setAsked({ instead: step });
              onRecord();
            }}
          >
            {recorded === null ? 'Record a step' : 'Record another step'}
          </Button>
        )}
        {recorded !== null && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconDownload size={14} />}
            onClick={() => exportTrace(run, recorded)}
          >
            Export for Chrome
          </Button>
        )}
      </Group>
      {why && (
        <Text size="sm" c="dimmed">
          {why}
        </Text>
      )}
      {recorded === null ? (
        why === null && (
          <Text size="sm" c="dimmed" maw={560}>
            See which kernels a step spends its time in, and how near they come to what this device can do.
            The next step is recorded while it trains; it counts like any other.
          </Text>
        )
      ) : (
        <Recorded key={`${recorded.device} ${recorded.step}`} recorded={recorded} />
      )}
    </Stack>
  );
}

function Recorded({ recorded }: { readonly recorded: RecordedStep }) {
  const { ceilings } = recorded;
  return (
    <>
      <div>
        <Text fw={500}>{boundInWords(recorded)}</Text>
        <Text size="xs" c="dimmed">
          Step {recorded.step.toLocaleString('en')} on {recorded.device}: {milliseconds(recorded.total_ms)} ms
          in {recorded.kernels.length.toLocaleString('en')} kernels, timed by{' '}
          {recorded.clock === 'timestamp-query' ? 'the GPU' : 'the processor'}.
          {ceilings !== null &&
            ` Best of this device: ${speed(ceilings.flops_per_second)} GFLOP/s, ${speed(ceilings.bytes_per_second)} GB/s.`}
        </Text>
      </div>
      <Timeline recorded={recorded} />
      <ProfileRows recorded={recorded} />
    </>
  );
}

/** Why no step can be recorded now, and what to do; empty where there is nothing to say, null where one can. */
function whyNot(run: Run, some: boolean): string | null {
  const { device } = run.pins;
  if (device !== null && !canRecord(device.name)) {
    return `${device.name} cannot tell one kernel from the next. Train with device: webgpu or device: wasm to record a step.`;
  }
  switch (run.state) {
    case 'running':
      return null;
    case 'queued':
      return 'A step can be recorded once the run trains.';
    case 'paused':
      return 'Continue the run to record a step.';
    default:
      return some ? '' : 'No step was recorded while this run trained.';
  }
}

function speed(perSecond: number): string {
  return String(Number((perSecond / 1e9).toPrecision(3)));
}

function exportTrace(run: Run, recorded: RecordedStep): void {
  const trace = JSON.stringify(chromeTrace(recorded, run.name));
  const name = `${run.name.replace(/[^\w-]+/g, '-')}-step-${recorded.step}.trace.json`;
  download(name, new Blob([trace], { type: 'application/json' }));
}
