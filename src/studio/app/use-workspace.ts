import { useLocalStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useParams } from 'react-router';
import type { Session } from '../../protocol/http/access.ts';
import { projectsQuery } from '../shared/projects-query.ts';
import { useServices } from './services.ts';
import { useSession } from './use-session.ts';

export type SessionWorkspace = Session['workspaces'][number];

export interface Workspaces {
  readonly all: readonly SessionWorkspace[];
  /** That of the project on show, else the one that was chosen last; null for a guest of one project. */
  readonly current: SessionWorkspace | null;
  choose(id: string): void;
}

/** The workspaces that one is a member of, and the one that one works in. */
export function useWorkspaces(): Workspaces {
  const { server } = useServices();
  const session = useSession();
  const { project, workspace } = useParams();
  const all = session?.workspaces ?? [];
  const several = all.length > 1;
  const projects = useQuery({ ...projectsQuery(server), enabled: several });
  const [chosen, setChosen] = useLocalStorage<string | null>({
    key: 'anneal.workspace',
    defaultValue: null,
    getInitialValueInEffect: false,
  });
  const shown = workspace ?? projects.data?.find(({ id }) => id === project)?.workspace;
  const known = all.some(({ id }) => id === shown) ? shown : undefined;
  // Only when one goes somewhere, never in answer to another choice: two tabs would take it from each other for ever.
  useEffect(() => {
    if (several && known !== undefined) setChosen(known);
  }, [several, known, setChosen]);
  const id = known ?? chosen;
  return { all, current: all.find((one) => one.id === id) ?? all[0] ?? null, choose: setChosen };
}
