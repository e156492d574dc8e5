import { Button, Tooltip } from '@mantine/core';
import { IconPlayerPlayFilled } from '@tabler/icons-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import type { Shown } from '../../domain/preflight/last-good.ts';
import type { InitialModel } from '../../domain/runs/events.ts';
import type { Progress } from '../../domain/runs/ports.ts';
import { useServices } from '../app/services.ts';
import type { Room } from '../app/use-room.ts';
import { notifyFailure } from './files/use-file-actions.tsx';

/**
 * Why Train is blocked, in a sentence; null where it is not. Only errors block it, and `closed`: that there is no text.
 */
export function whyBlocked(shown: Shown, ready: boolean, closed: string | null = null): string | null {
  if (closed !== null) return closed;
  if (!ready) return 'The text has not been loaded yet.';
  if (shown.report === null) return 'The config is still being checked.';
  const errors = shown.report.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const first = errors[0]?.message ?? '';
    return errors.length === 1
      ? `One error stands in the way: ${first}`
      : `${errors.length} errors stand in the way, first: ${first}`;
  }
  return shown.canTrain ? null : 'The config cannot be read.';
}

/** Starts the run that the config describes, from the given model or from new weights, and goes to it. */
export function useTrain(
  project: string,
  room: Room | null,
  path: string,
  text: () => string,
  model: InitialModel | null,
) {
  const { training, documents } = useServices();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const [progress, setProgress] = useState<Progress | null>(null);
  const train = async (): Promise<void> => {
    if (room === null || busy) return;
    setBusy(true);
    try {
      const { run } = await training.start(
        {
          project,
          path,
          text: text(),
          version: documents.versionOf(room),
          editedBy: documents.editorsOf(room),
          model,
        },
        setProgress,
      );
      void navigate(`/p/${encodeURIComponent(project)}/runs/${encodeURIComponent(run)}`);
    } catch (thrown) {
      notifyFailure(thrown);
    } finally {
      setBusy(false);
      setProgress(null);
    }
  };
  return { train, busy, progress };
}

export function TrainButton(props: {
  readonly blocked: string | null;
  readonly busy: boolean;
  readonly onTrain: () => void;
}) {
  const { blocked, busy } = props;
  return (
    <Tooltip label={blocked ?? 'Start the run (Ctrl+Enter)'}>
      <Button
        size="sm"
        style={{ flex: 'none' }} // a long name beside it is cut instead
        leftSection={<IconPlayerPlayFilled size={14} aria-hidden />}
        loading={busy}
        // Not `disabled`: the reason must be there for keyboards and screen readers too.
        aria-disabled={blocked !== null}
        {...(blocked === null ? {} : { 'data-disabled': true })}
        {...(blocked === null ? {} : { 'aria-describedby': 'train-blocked' })}
        onClick={() => blocked === null && props.onTrain()}
      >
        Train
        {blocked !== null && (
          <span id="train-blocked" hidden>
            {blocked}
          </span>
        )}
      </Button>
    </Tooltip>
  );
}
