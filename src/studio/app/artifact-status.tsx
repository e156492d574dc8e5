import { Progress, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconFileCheck, IconFileUpload } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useParams } from 'react-router';
import type { ArtifactState, SyncState } from '../../services/artifacts/state.ts';
import { formatBytes } from '../../ui/format.ts';
import { useSyncState } from '../shared/artifact-place.tsx';
import { placeWords } from '../shared/place-words.ts';
import { useServices } from './services.ts';
import { StatusItem } from './status-items.tsx';

/** What of the data and models is on its way, or waits; nothing where there is nothing to say. */
export function ArtifactStatus() {
  const { artifactSync } = useServices();
  const { project } = useParams();
  const state = useSyncState();
  const names = useNames(project, state);
  useEffect(
    () => (project === undefined ? undefined : artifactSync.follow(project)),
    [artifactSync, project],
  );
  const open = [...state.artifacts].filter(([, artifact]) => isOpen(artifact, state.online));
  if (open.length === 0) return null;
  const label = artifactWords(state);
  const settled = open.every(([, { moving }]) => moving === null);
  const Icon = settled ? IconFileCheck : IconFileUpload;
  return (
    <StatusItem
      name="Data and models"
      label={label}
      icon={<Icon size={15} className={settled ? 'tone-away' : 'tone-busy'} aria-hidden />}
    >
      <Stack gap={8}>
        {!state.online && (
          <>
            <Text size="sm">
              The server cannot be reached. What is on this device is used meanwhile, and the rest goes on by
              itself.
            </Text>
            <UnstyledButton className="text-link" onClick={() => artifactSync.wake()}>
              Try now
            </UnstyledButton>
          </>
        )}
        {open.slice(0, 8).map(([sha256, artifact]) => (
          <div key={sha256}>
            <Text size="xs" style={{ overflowWrap: 'anywhere' }}>
              {names.has(sha256) && `${names.get(sha256)} · `}
              {formatBytes(artifact.bytes)} · {placeWords(artifact, state.online).short}
            </Text>
            {artifact.moving !== null && artifact.moving.total !== null && (
              <Progress
                size="xs"
                value={(100 * artifact.moving.done) / Math.max(1, artifact.moving.total)}
                aria-label={placeWords(artifact, state.online).short}
              />
            )}
            {artifact.problem !== null && (
              <>
                <Text size="xs" c="dimmed">
                  {artifact.problem.message}. {artifact.problem.fix}
                </Text>
                <UnstyledButton className="text-link" onClick={() => artifactSync.request(sha256)}>
                  Try again
                </UnstyledButton>
              </>
            )}
          </div>
        ))}
        {open.length > 8 && (
          <Text size="xs" c="dimmed">
            and {open.length - 8} more
          </Text>
        )}
      </Stack>
    </StatusItem>
  );
}

/** What the open project calls its artifacts; those of a run have no name of their own. */
function useNames(project: string | undefined, state: SyncState): ReadonlyMap<string, string> {
  const { files } = useServices();
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is added to the project is told here too
  useEffect(() => {
    if (project === undefined) return setNames(new Map());
    let over = false;
    files(project).then(
      (listed) =>
        over || setNames(new Map([...listed.entries()].map(([path, { sha256 }]) => [sha256, path]))),
      () => undefined, // sizes are shown without
    );
    return () => {
      over = true;
    };
  }, [files, project, state]);
  return names;
}

/** Moving, waiting to be sent, or stuck; what is merely not here is nothing to worry about. */
function isOpen({ moving, problem, here, server }: ArtifactState, online: boolean): boolean {
  const waits = here === true && (server === false || (server === null && !online));
  return moving !== null || problem !== null || waits;
}

/** One line for the status bar. */
function artifactWords({ artifacts, online }: SyncState): string {
  const all = [...artifacts.values()];
  const moving = all.flatMap((artifact) => (artifact.moving === null ? [] : [artifact.moving]));
  const stuck = all.filter(({ problem }) => problem !== null).length;
  const waiting = all.filter((artifact) => isOpen(artifact, online)).length - stuck - moving.length;
  if (moving.length > 0) {
    const done = moving.reduce((sum, one) => sum + one.done, 0);
    const total = moving.reduce((sum, one) => sum + (one.total ?? one.done), 0);
    const way = moving.every((one) => one.way === 'down') ? 'Fetching' : 'Sending';
    return `${way} ${Math.floor((100 * done) / Math.max(1, total))}%`;
  }
  if (stuck > 0) return `${files(stuck)} not on the server`;
  return online ? `${files(waiting)} to send` : `${files(waiting)} on this device only`;
}

const files = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`;
