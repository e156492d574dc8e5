import { Stack, Text, UnstyledButton } from '@mantine/core';
import { IconFolders } from '@tabler/icons-react';
import { Link, useLocation } from 'react-router';
import { SECTIONS, sectionOf } from './sections.ts';
import { useCurrentProject } from './use-current-project.ts';

function Entries() {
  const { pathname } = useLocation();
  const project = useCurrentProject();
  const current = sectionOf(pathname);
  if (project === null) return null;
  return (
    <>
      {SECTIONS.map((section) => (
        <UnstyledButton
          key={section.id}
          component={Link}
          to={section.path(project)}
          className="nav-entry"
          aria-current={current === section.id ? 'page' : undefined}
        >
          <section.icon size={20} stroke={1.6} />
          <Text fz={11}>{section.label}</Text>
        </UnstyledButton>
      ))}
    </>
  );
}

function ProjectsEntry() {
  const { pathname } = useLocation();
  return (
    <UnstyledButton
      component={Link}
      to="/projects"
      className="nav-entry"
      aria-current={pathname === '/projects' ? 'page' : undefined}
    >
      <IconFolders size={20} stroke={1.6} />
      <Text fz={11}>Projects</Text>
    </UnstyledButton>
  );
}

export function NavigationRail() {
  return (
    <Stack gap={2} h="100%" p={6}>
      <Entries />
      <div style={{ flex: 1 }} />
      <ProjectsEntry />
    </Stack>
  );
}

/** The same entries along the lower edge, where thumbs are. */
export function NavigationTabs() {
  return (
    <nav className="nav-tabs" aria-label="Sections">
      <Entries />
      <ProjectsEntry />
    </nav>
  );
}
