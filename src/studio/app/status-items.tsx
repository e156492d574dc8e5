import { Popover, Stack, Text, UnstyledButton } from '@mantine/core';
import {
  IconCloud,
  IconCloudCheck,
  IconCloudOff,
  IconCloudUp,
  IconCpu,
  IconDatabase,
  IconPlayerPlay,
} from '@tabler/icons-react';
import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react';
import { Link } from 'react-router';
import type { ListedRun } from '../../services/runs/runs.ts';
import type { StorageUse } from '../../services/storage.ts';
import { formatBytes } from '../../ui/format.ts';
import { connectionWords } from './connection-words.ts';
import { useServices } from './services.ts';
import { useCurrentProject } from './use-current-project.ts';
import { type Room, useRoomState } from './use-room.ts';

/** One entry of the status bar: a few words, and on a click all that there is to say. */
export function StatusItem(props: {
  readonly icon: ReactNode;
  readonly label: string;
  readonly name: string;
  /** On narrow screens its icon alone. */
  readonly brief?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <Popover width={320} position="top-start" withArrow shadow="md">
      <Popover.Target>
        <UnstyledButton
          className="status-item"
          aria-label={`${props.name}: ${props.label}`}
          data-brief={props.brief || undefined}
        >
          {props.icon}
          <span>{props.label}</span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="sm" fw={600} mb={4}>
          {props.name}
        </Text>
        {props.children}
      </Popover.Dropdown>
    </Popover>
  );
}

const clouds = { good: IconCloudCheck, busy: IconCloudUp, away: IconCloudOff, bad: IconCloud } as const;

export function ConnectionStatus({ room }: { readonly room: Room | null }) {
  const state = useRoomState(room);
  const words = connectionWords(state);
  const Icon = clouds[words.tone];
  return (
    <StatusItem
      name="Connection"
      label={words.short}
      icon={<Icon size={15} className={`tone-${words.tone}`} aria-hidden />}
    >
      <Stack gap="xs" align="start">
        <Text size="sm">{words.long}</Text>
        {state !== null && state.connection.kind === 'offline' && (
          <UnstyledButton className="text-link" onClick={() => room?.retry()}>
            Try now
          </UnstyledButton>
        )}
      </Stack>
    </StatusItem>
  );
}

/** Which device computes, and why this one. The probe waits until the page has come to rest. */
export function DeviceStatus() {
  const { device } = useServices();
  const state = useSyncExternalStore(device.subscribe, device.state);
  useEffect(() => {
    const idle = globalThis.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 500));
    const cancel = globalThis.cancelIdleCallback ?? clearTimeout;
    const handle = idle(() => void device.probe(), { timeout: 4000 });
    return () => cancel(handle as number);
  }, [device]);
  const { report, probing, error } = state;
  const label =
    report?.device.name ?? (probing ? 'Looking for a device' : error === null ? 'Device' : 'No device');
  return (
    <StatusItem name="Device" brief label={label} icon={<IconCpu size={15} aria-hidden />}>
      <Stack gap={6} align="start">
        {report !== null && (
          <>
            <Text size="sm">{report.device.description}</Text>
            <Text size="sm" c="dimmed">
              {report.reason}
            </Text>
            {report.tried.map(({ name, outcome }) => (
              <Text key={name} size="xs" c="dimmed">
                {name}: {outcome}
              </Text>
            ))}
          </>
        )}
        {error !== null && <Text size="sm">{error instanceof Error ? error.message : String(error)}</Text>}
        {report === null && error === null && (
          <Text size="sm">A small step is being timed on each device.</Text>
        )}
        <UnstyledButton className="text-link" disabled={probing} onClick={() => void device.probe(true)}>
          {probing ? 'Probing …' : 'Probe again'}
        </UnstyledButton>
      </Stack>
    </StatusItem>
  );
}

/** How much is kept here, and whether the browser has promised to keep it. */
export function StorageStatus() {
  const { storage } = useServices();
  const [use, setUse] = useState<StorageUse | null>(null);
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    let over = false;
    const read = (): void => {
      storage.use().then(
        (next) => over || setUse(next),
        () => over || setUse(null),
      );
    };
    storage.requestPersistence().then(read, read);
    const timer = setInterval(read, 60_000);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [storage]);
  const ask = async (): Promise<void> => {
    await storage.requestPersistence();
    setAsked(true);
    setUse(await storage.use());
  };
  const label = use === null ? 'Storage' : use.persistent ? 'Storage kept' : 'Storage may be cleared';
  return (
    <StatusItem
      name="Storage"
      brief
      label={label}
      icon={
        <IconDatabase
          size={15}
          className={use?.persistent === false ? 'tone-away' : 'tone-good'}
          aria-hidden
        />
      }
    >
      <Stack gap={6} align="start">
        {use === null ? (
          <Text size="sm">This browser does not say what it keeps.</Text>
        ) : (
          <>
            <Text size="sm">
              {use.persistent
                ? 'The browser has promised not to clear what this page keeps.'
                : 'When space runs short the browser may clear what this page keeps. What is on the server stays.'}
            </Text>
            <Text size="xs" c="dimmed">
              {formatBytes(use.used)} in use, {formatBytes(use.available)} free · data and models{' '}
              {formatBytes(use.artifacts)} · checkpoints {formatBytes(use.checkpoints)}
            </Text>
            {!use.persistent && (
              <UnstyledButton className="text-link" onClick={() => void ask()}>
                {asked ? 'The browser said no. Ask again' : 'Ask the browser to keep it'}
              </UnstyledButton>
            )}
          </>
        )}
      </Stack>
    </StatusItem>
  );
}

/** The run that trains now, in this project, in whichever tab. */
export function JobStatus() {
  const { runs } = useServices();
  const project = useCurrentProject();
  const [running, setRunning] = useState<ListedRun | null>(null);
  useEffect(() => {
    let over = false;
    let busy = false;
    const read = async (): Promise<void> => {
      if (busy || project === null) return;
      busy = true;
      try {
        const all = await runs.list({ project });
        if (!over)
          setRunning(all.find(({ run }) => run.state === 'running' || run.state === 'paused') ?? null);
      } catch {
        if (!over) setRunning(null); // the runs screen says what is wrong with the storage
      }
      busy = false;
    };
    void read();
    const timer = setInterval(() => void read(), 2000); // figures change without an event of the run
    const unwatch = runs.watchAll(() => void read());
    return () => {
      over = true;
      clearInterval(timer);
      unwatch();
    };
  }, [runs, project]);
  if (running === null || project === null) return null;
  const { run, summary } = running;
  return (
    <Link to={`/p/${encodeURIComponent(project)}/runs/${encodeURIComponent(run.id)}`} className="status-item">
      <IconPlayerPlay size={15} className="tone-busy" aria-hidden />
      <span>
        {run.name} · {run.state === 'paused' ? 'paused' : `step ${summary.last?.step ?? 0}`}
      </span>
    </Link>
  );
}
