import { useEffect } from 'react';
import { useParams } from 'react-router';

const KEY = 'anneal.project';

/** The project of the address; outside of one, the last that was open (the sample at first). */
export function useCurrentProject(): string {
  const { project } = useParams();
  useEffect(() => {
    if (project !== undefined) sessionStorage.setItem(KEY, project);
  }, [project]);
  return project ?? sessionStorage.getItem(KEY) ?? 'sample';
}
