import { useEffect } from 'react';
import { useParams } from 'react-router';
import type { Session } from '../../protocol/http/access.ts';
import { useSession } from './use-session.ts';

const KEY = 'anneal.project';
const SAMPLE = 'sample';
/** The workspace that every server has, with the sample in it. */
const HOME = 'home';

/**
 * The project of the address; outside of one, the last that was open, or the first that one comes to. Null for
 * somebody who has opened none yet and may not see the sample.
 */
export function useCurrentProject(): string | null {
  const { project } = useParams();
  const session = useSession();
  useEffect(() => {
    if (project !== undefined) sessionStorage.setItem(KEY, project);
  }, [project]);
  return project ?? sessionStorage.getItem(KEY) ?? firstProject(session);
}

/** Where somebody begins who has opened nothing yet; null where that is for him to choose. */
export function firstProject(session: Session | null): string | null {
  if (session === null) return SAMPLE;
  const { guest, workspaces } = session;
  if (workspaces.some(({ id }) => id === HOME)) return SAMPLE;
  if (guest?.project !== undefined && guest.project !== null) return guest.project;
  return guest?.workspace === HOME ? SAMPLE : null;
}

export function forgetCurrentProject(): void {
  sessionStorage.removeItem(KEY);
}
