import {
  Alert,
  Anchor,
  Container,
  Group,
  MultiSelect,
  Skeleton,
  Stack,
  Tabs,
  Text,
  Title,
} from '@mantine/core';
import { lazy, Suspense, useMemo, useState } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';
import type { RunId } from '../../domain/runs/events.ts';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { useServices } from '../app/services.ts';
import { RunStateBadge } from '../shared/run-state.tsx';
import { ConfigText } from './config-text.tsx';
import { RunControls } from './controls.tsx';
import { DeviceNotice } from './device-notice.tsx';
import { RunEvents } from './events.tsx';
import { RunFacts } from './facts.tsx';
import type { RunCurves } from './metrics.ts';
import { RunName } from './name.tsx';
import { RunProfile } from './profile/panel.tsx';
import { RunProgress } from './progress.tsx';
import { RunSamples } from './samples.tsx';
import { useRunActions } from './use-actions.ts';
import { type RunView, useRun } from './use-run.ts';

// The chart library is large: the rest of the screen does not wait for it.
const Charts = lazy(() => import('./charts.tsx'));

/** Told apart by most people with a colour vision deficiency, in light and dark. */
const COLORS = ['blue.6', 'orange.6', 'teal.6', 'grape.6', 'yellow.7', 'pink.6'] as const;

export function RunScreen() {
  const { project = 'sample', run: id = '' } = useParams();
  const [search, setSearch] = useSearchParams();
  const overlay = search.getAll('with').filter((other) => other !== id);
  const { runs } = useServices();
  const { value, error } = useRun(runs, id as RunId, overlay as RunId[]);
  const list = `/p/${encodeURIComponent(project)}/runs`;
  return (
    <Container size="xl" py="md">
      <Anchor component={Link} to={list} size="sm">
        All runs
      </Anchor>
      {error !== null && <ErrorNotice error={error} />}
      {value === undefined ? (
        error === null && <Skeleton h={320} mt="md" />
      ) : value === null ? (
        <Stack align="start" mt="lg" gap="xs">
          <Title order={3}>There is no such run in this browser</Title>
          <Text c="dimmed">
            Runs are kept where they were trained. It may have been deleted, or trained elsewhere.
          </Text>
        </Stack>
      ) : (
        <View
          view={value}
          overlay={overlay}
          onOverlay={(ids) =>
            setSearch(new URLSearchParams(ids.map((other) => ['with', other])), { replace: true })
          }
        />
      )}
    </Container>
  );
}

function View({
  view,
  overlay,
  onOverlay,
}: {
  readonly view: RunView;
  readonly overlay: readonly string[];
  readonly onOverlay: (ids: string[]) => void;
}) {
  const { run, events, metrics, others, candidates } = view;
  const [tab, setTab] = useState<string | null>('samples');
  const { actions, canPickFolder } = useRunActions(run);
  const curves = useMemo<RunCurves[]>(
    () =>
      [{ run, metrics }, ...others].map((one, i) => ({
        id: one.run.id,
        name: one.run.name,
        color: COLORS[i % COLORS.length] ?? 'blue.6',
        metrics: one.metrics,
      })),
    [run, metrics, others],
  );
  return (
    <Stack gap="md" mt={4}>
      <Group justify="space-between" gap="sm">
        <Group gap="sm" miw={0}>
          <RunName run={run} />
          <RunStateBadge state={run.state} />
        </Group>
        <RunControls
          run={run}
          actions={actions}
          learningRate={metrics.steps.at(-1)?.learning_rate ?? null}
          canPickFolder={canPickFolder}
        />
      </Group>
      <RunProgress run={run} metrics={metrics} />
      <DeviceNotice device={run.pins.device} events={events} />
      {run.failure !== null && (
        <Alert color="red" title={run.failure.message}>
          <Text size="sm">{run.failure.fix}</Text>
          <Text size="xs" c="dimmed">
            {run.failure.code}
            {run.checkpoint === null
              ? ''
              : `. The last good checkpoint is of step ${run.checkpoint.step.toLocaleString('en')}.`}
          </Text>
        </Alert>
      )}
      {candidates.length > 0 && (
        <MultiSelect
          size="xs"
          label="Compare with"
          placeholder={overlay.length === 0 ? 'Other runs of this project' : ''}
          data={candidates.map((other) => ({ value: other.id, label: other.name }))}
          value={[...overlay]}
          onChange={onOverlay}
          maxValues={COLORS.length - 1}
          searchable
          clearable
          maw={520}
        />
      )}
      <Suspense fallback={<Skeleton h={260} />}>
        <Charts runs={curves} />
      </Suspense>
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        {/* On a narrow screen the tabs scroll: in two rows they would not look like tabs. */}
        <Tabs.List style={{ flexWrap: 'nowrap', overflowX: 'auto', overflowY: 'hidden' }}>
          <Tabs.Tab value="samples">Samples</Tabs.Tab>
          <Tabs.Tab value="profile">Profile</Tabs.Tab>
          <Tabs.Tab value="events">Events</Tabs.Tab>
          <Tabs.Tab value="config">Config</Tabs.Tab>
          <Tabs.Tab value="facts">Facts</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="samples">
          <RunSamples events={events} />
        </Tabs.Panel>
        <Tabs.Panel value="profile">
          <RunProfile run={run} onRecord={() => actions.command({ type: 'profile' })} />
        </Tabs.Panel>
        <Tabs.Panel value="events">
          <RunEvents events={events} />
        </Tabs.Panel>
        <Tabs.Panel value="config">
          <ConfigText path={run.pins.config.path} text={run.pins.config.text} />
        </Tabs.Panel>
        <Tabs.Panel value="facts">
          <RunFacts run={run} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}
