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
import { NameModal } from './name-modal.tsx';
import { useProjects } from './use-projects.ts';

/** All projects of this server: open, create, rename, delete, bring back. */
export function ProjectsScreen() {
  const { server } = useServices();
  const navigate = useNavigate();
  const { list, deleted, create, rename, remove, restore } = useProjects(server);
  const [asking, setAsking] = useState<'create' | Project | null>(null);
  const path = ({ id }: Project): string => `/p/${encodeURIComponent(id)}`;
  return (
    <Container size="md" py="lg">
      <Group justify="space-between" mb="md">
        <Title order={2}>Projects</Title>
        <Button size="xs" leftSection={<IconPlus size={14} />} onClick={() => setAsking('create')}>
          New project
        </Button>
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
        {list.data?.map((project) => (
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
            </Group>
          </Paper>
        ))}
      </Stack>
      {list.data?.length === 0 && (
        <Text c="dimmed" ta="center" py="xl">
          No projects. Create one: it begins with a config that trains.
        </Text>
      )}
      {(deleted.data?.length ?? 0) > 0 && (
        <Stack gap={4} mt="xl">
          <Text size="sm" c="dimmed">
            Deleted
          </Text>
          {deleted.data?.map((project) => (
            <Group key={project.id} justify="space-between">
              <Text size="sm">{project.name}</Text>
              <Button size="compact-xs" variant="default" onClick={() => restore.mutate(project.id)}>
                Bring back
              </Button>
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
