import { Button, Container, Group, Skeleton, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { useServices } from '../app/services.ts';
import { notifyError, notifyUndo } from '../shared/notify.tsx';
import { useWatched } from '../shared/use-watched.ts';
import { arrange, type RunRow, type Sorting } from './rows.ts';
import { RunsTable } from './table.tsx';

export function RunsScreen() {
  const { project = 'sample' } = useParams();
  const { runs } = useServices();
  const navigate = useNavigate();
  const [search, setSearch] = useState('');
  const [sorting, setSorting] = useState<Sorting>({ key: 'created', descending: true });
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const listed = useWatched(`runs of ${project}`, () => runs.list({ project }), runs.watchAll);
  const rows = useMemo(() => arrange(listed.value ?? [], search, sorting), [listed.value, search, sorting]);
  const path = (id: string): string => `/p/${encodeURIComponent(project)}/runs/${encodeURIComponent(id)}`;

  const remove = ({ run }: RunRow): void => {
    runs.remove(run.id).then(({ undo }) => notifyUndo(`${run.name} is deleted`, undo), notifyError);
  };
  const compare = (): void => {
    const [first, ...others] = rows.map(({ run }) => run.id).filter((id) => selected.has(id));
    if (first === undefined) return;
    void navigate(`${path(first)}?${new URLSearchParams(others.map((id) => ['with', id]))}`);
  };
  return (
    <Container size="xl" py="lg">
      <Stack>
        <Group justify="space-between">
          <Title order={2}>Runs</Title>
          {(listed.value?.length ?? 0) > 0 && (
            <Group gap="xs" flex={{ base: '1 1 100%', sm: '0 1 auto' }} wrap="nowrap">
              <Button
                size="xs"
                variant="default"
                style={{ flexShrink: 0 }}
                disabled={selected.size < 2}
                onClick={compare}
              >
                {selected.size < 2 ? 'Compare' : `Compare ${selected.size} runs`}
              </Button>
              <TextInput
                size="xs"
                w={{ sm: 260 }}
                flex={1}
                leftSection={<IconSearch size={14} />}
                placeholder="Name, device, author, config ..."
                aria-label="Search runs"
                value={search}
                onChange={(event) => setSearch(event.currentTarget.value)}
              />
            </Group>
          )}
        </Group>
        {listed.error !== null && <ErrorNotice error={listed.error} />}
        {listed.value === undefined ? (
          listed.error === null && <Skeleton h={160} />
        ) : listed.value.length === 0 ? (
          <Nothing project={project} />
        ) : rows.length === 0 ? (
          <Text c="dimmed" py="xl" ta="center">
            No run matches “{search}”.
          </Text>
        ) : (
          <RunsTable
            rows={rows}
            sorting={sorting}
            onSort={setSorting}
            selected={selected}
            onSelect={(id, on) => {
              const next = new Set(selected);
              if (on) next.add(id);
              else next.delete(id);
              setSelected(next);
            }}
            onDelete={remove}
            path={path}
          />
        )}
      </Stack>
    </Container>
  );
}

function Nothing({ project }: { readonly project: string }) {
  return (
    <Stack align="center" py={64} gap="xs">
      <Text fw={500}>Nothing has been trained here yet</Text>
      <Text size="sm" c="dimmed" ta="center" maw={420}>
        Open the config and press Train. Runs are kept in this browser with everything needed to repeat them.
      </Text>
      <Button component={Link} to={`/p/${encodeURIComponent(project)}`} mt="sm">
        Open the config
      </Button>
    </Stack>
  );
}
