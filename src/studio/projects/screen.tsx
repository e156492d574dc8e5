import {
  ActionIcon,
  Anchor,
  Button,
  Container,
  Group,
  Paper,
  Skeleton,
  Stack,
  Text,
  Title,
  Tooltip,
} from '@mantine/core';
import { IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { Project } from '../../protocol/http/projects.ts';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { useServices } from '../app/services.ts';
import { may, roleOf, useSession } from '../app/use-session.ts';
import { useWorkspaces } from '../app/use-workspace.ts';
import { NameModal } from './name-modal.tsx';
import { useProjects } from './use-projects.ts';

/** The projects of the workspace that one works in: open, create, rename, delete, bring back. */
export function ProjectsScreen() {
  const { server } = useServices();
  const navigate = useNavigate();
  const session = useSession();
  const { all, current } = useWorkspaces();
  const { list, deleted, create, rename, remove, restore } = useProjects(server, current?.id ?? null);
  // One workspace of several is shown; what a link leads to is shown beside it.
  const elsewhere = all.filter(({ id }) => id !== current?.id).map(({ id }) => id);
  const shown = list.data?.filter(({ workspace }) => !elsewhere.includes(workspace));
  const gone = deleted.data?.filter(({ workspace }) => !elsewhere.includes(workspace)) ?? [];
  const place = current ?? (session?.guest?.project === null ? session.guest : null);
  const mayCreate = session === null || (place !== null && may(place.role, 'project.create'));
  const [asking, setAsking] = useState<'create' | Project | null>(null);
  const path = ({ id }: Project): string => `/p/${encodeURIComponent(id)}`;
  return (
    <Container size="md" py="lg">
      <Group justify="space-between" mb="md">
        <Title order={2}>
          {all.length > 1 && current !== null ? `Projects of ${current.name}` : 'Projects'}
        </Title>
        {mayCreate && (
          <Button size="xs" leftSection={<IconPlus size={14} />} onClick={() => setAsking('create')}>
            New project
          </Button>
        )}
      </Group>
      {list.error !== null && (
        <ErrorNotice error={list.error}>
          <Text size="sm">
            Projects that you had open are still here:{' '}
            <Anchor component={Link} to="/p/sample" size="sm">
              the sample project
            </Anchor>
            .
          </Text>
        </ErrorNotice>
      )}
      {list.isPending && <Skeleton h={120} />}
      <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
        {shown?.map((project) => (
          <Paper key={project.id} component="li" withBorder px="md" py="sm">
            <Group justify="space-between" wrap="nowrap">
              <div style={{ minWidth: 0 }}>
                <Anchor component={Link} to={path(project)} fw={500} truncate display="block">
                  {project.name}
                </Anchor>
                <Text size="xs" c="dimmed" truncate>
                  {project.id}, created {new Date(project.created).toLocaleDateString()}
                </Text>
              </div>
              {may(roleOf(session, project), 'project.change') && (
                <Group gap={4} wrap="nowrap">
                  <Tooltip label="Rename">
                    <ActionIcon aria-label={`Rename ${project.name}`} onClick={() => setAsking(project)}>
                      <IconPencil size={16} stroke={1.6} />
                    </ActionIcon>
                  </Tooltip>
                  <Tooltip label="Delete; it can be brought back">
                    <ActionIcon aria-label={`Delete ${project.name}`} onClick={() => remove.mutate(project)}>
                      <IconTrash size={16} stroke={1.6} />
                    </ActionIcon>
                  </Tooltip>
                </Group>
              )}
            </Group>
          </Paper>
        ))}
      </Stack>
      {shown?.length === 0 && (
        <Text c="dimmed" ta="center" py="xl">
          {mayCreate
            ? 'No projects. Create one: it begins with a config that trains.'
            : 'No projects yet. You see them here when somebody has made one.'}
        </Text>
      )}
      {gone.length > 0 && (
        <Stack gap="xs" mt="xl">
          <Text size="sm" c="dimmed">
            Deleted
          </Text>
          {gone.map((project) => (
            <Group key={project.id} justify="space-between" wrap="nowrap">
              <Text size="sm" lineClamp={2} style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
                {project.name}
              </Text>
              {may(roleOf(session, project), 'project.delete') && (
                <Button
                  size="compact-xs"
                  variant="default"
                  flex="none"
                  aria-label={`Bring back ${project.name}`}
                  onClick={() => restore.mutate(project.id)}
                >
                  Bring back
                </Button>
              )}
            </Group>
          ))}
        </Stack>
      )}
      {asking === 'create' && (
        <NameModal
          title="New project"
          action="Create"
          initial=""
          busy={create.isPending}
          onClose={() => setAsking(null)}
          onName={(name) =>
            create.mutate(name, {
              onSuccess: (project) => {
                setAsking(null);
                void navigate(path(project));
              },
            })
          }
        />
      )}
      {asking !== null && asking !== 'create' && (
        <NameModal
          title={`Rename ${asking.name}`}
          action="Rename"
          initial={asking.name}
          busy={rename.isPending}
          onClose={() => setAsking(null)}
          onName={(name) => rename.mutate({ id: asking.id, name }, { onSuccess: () => setAsking(null) })}
        />
      )}
    </Container>
  );
}
