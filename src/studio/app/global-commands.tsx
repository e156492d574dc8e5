import { useMantineColorScheme } from '@mantine/core';
import { useNavigate } from 'react-router';
import { SECTIONS } from './sections.ts';
import { useCommands } from './use-commands.ts';
import { useCurrentProject } from './use-current-project.ts';

/** The commands that are there on every screen. */
export function GlobalCommands() {
  const navigate = useNavigate();
  const project = useCurrentProject();
  const { setColorScheme } = useMantineColorScheme();
  useCommands([
    ...SECTIONS.map((section) => ({
      id: `go.${section.id}`,
      label: section.label,
      group: 'Go to',
      run: () => void navigate(section.path(project)),
    })),
    { id: 'go.projects', label: 'Projects', group: 'Go to', run: () => void navigate('/projects') },
    ...(['light', 'dark', 'auto'] as const).map((scheme) => ({
      id: `colours.${scheme}`,
      label: scheme === 'auto' ? 'Colours as the system' : `${scheme === 'light' ? 'Light' : 'Dark'} colours`,
      group: 'Appearance',
      keywords: ['theme', 'color', 'scheme', 'mode'],
      run: () => setColorScheme(scheme),
    })),
  ]);
  return null;
}
