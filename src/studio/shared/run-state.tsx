import { Badge } from '@mantine/core';
import type { RunState } from '../../domain/runs/run.ts';

const COLORS: Readonly<Record<RunState, string>> = {
  queued: 'gray',
  running: 'blue',
  paused: 'yellow',
  interrupted: 'orange',
  finished: 'green',
  failed: 'red',
  stopped: 'gray',
};

export function RunStateBadge({ state }: { readonly state: RunState }) {
  return (
    <Badge
      color={COLORS[state]}
      variant="light"
      size="sm"
      radius="sm"
      tt="none"
      miw="max-content"
      data-state={state}
    >
      {state}
    </Badge>
  );
}
