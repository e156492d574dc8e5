import { useMantineColorScheme } from '@mantine/core';
import { useNavigate } from 'react-router';
import { notifyError } from '../shared/notify.tsx';
import { SECTIONS } from './sections.ts';
import { useServices } from './services.ts';
import { useCommands } from './use-commands.ts';
import { useCurrentProject } from './use-current-project.ts';
import { useSession } from './use-session.ts';
import { useWorkspaces } from './use-workspace.ts';

/** The commands that are there on every screen. */
export function GlobalCommands() {
  const navigate = useNavigate();
  const project = useCurrentProject();
  const { session } = useServices();
  const kind = useSession()?.principal?.kind;
  const { all, current, choose } = useWorkspaces();
  const { setColorScheme } = useMantineColorScheme();
  useCommands([
    ...(project === null ? [] : SECTIONS).map((section) => ({
      id: `go.${section.id}`,
      label: section.label,
      group: 'Go to',
      run: () => void navigate(section.path(project ?? '')),
    })),
    { id: 'go.projects', label: 'Projects', group: 'Go to', run: () => void navigate('/projects') },
    ...(current === null || kind === 'share'
      ? []
      : [
          {
            id: 'go.settings',
            label: 'Workspace settings',
            group: 'Go to',
            keywords: ['members', 'invite', 'share', 'keys', 'roles', 'audit', 'password'],
            run: () => void navigate(`/settings/${current.id}`),
          },
        ]),
    ...(all.length > 1 ? all : []).map(({ id, name }) => ({
      id: `workspace.${id}`,
      label: `Workspace ${name}`,
      group: 'Go to',
      run: () => {
        choose(id);
        void navigate('/projects');
      },
    })),
    ...(kind === 'user'
      ? [
          {
            id: 'sign.out',
            label: 'Sign out',
            group: 'Account',
            run: () => void session.signOut().catch(notifyError),
          },
        ]
      : []),
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
