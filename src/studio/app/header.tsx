import { ActionIcon, Anchor, Group, Kbd, Progress, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { spotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { Link, useParams } from 'react-router';
import { ColorSchemeMenu } from './color-scheme-menu.tsx';
import { HeaderPeople } from './people.tsx';
import { Slot } from './slots.tsx';
import { useCurrentProject } from './use-current-project.ts';
import { useWorkspaces } from './use-workspace.ts';

export function Header({ pending }: { readonly pending: boolean }) {
  const project = useCurrentProject();
  const { all, current } = useWorkspaces();
  // The one that was open last may be of another workspace than the one that is named before it.
  const isOpen = useParams().project !== undefined;
  const shown = isOpen || all.length < 2 ? project : null;
  return (
    <>
      <Group h="100%" px="sm" gap="sm" wrap="nowrap">
        <Anchor
          component={Link}
          to="/projects"
          underline="never"
          c="inherit"
          aria-label="Anneal: all projects"
        >
          <Group gap={8} wrap="nowrap">
            <img src="/icon.svg" alt="" width={24} height={24} />
            <Text fw={600} visibleFrom="sm">
              Anneal
            </Text>
          </Group>
        </Anchor>
        {all.length > 1 && current !== null && (
          <>
            <Slash />
            <Text truncate miw={0} maw={180} c="dimmed" visibleFrom="sm" title={current.name}>
              {current.name}
            </Text>
          </>
        )}
        {shown !== null && (
          <>
            <Slash />
            <Text truncate fw={500} miw={0} title={shown}>
              {shown}
            </Text>
          </>
        )}
        <div style={{ flex: 1 }} />
        <UnstyledButton
          className="search-button"
          visibleFrom="md"
          onClick={spotlight.open}
          aria-label="Search commands"
        >
          <IconSearch size={14} aria-hidden />
          <Text size="xs" c="dimmed">
            What do you want to do?
          </Text>
          <Kbd size="xs">Ctrl K</Kbd>
        </UnstyledButton>
        <Tooltip label="Commands">
          <ActionIcon hiddenFrom="md" onClick={spotlight.open} aria-label="Search commands" size="lg">
            <IconSearch size={18} />
          </ActionIcon>
        </Tooltip>
        <Slot name="header" />
        <HeaderPeople project={project} />
        <ColorSchemeMenu />
      </Group>
      {pending && (
        <Progress value={100} animated size={2} className="pending-bar" aria-label="Loading the screen" />
      )}
    </>
  );
}

function Slash() {
  return (
    <Text c="dimmed" aria-hidden visibleFrom="sm">
      /
    </Text>
  );
}
