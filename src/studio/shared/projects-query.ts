import { queryOptions } from '@tanstack/react-query';
import type { Client } from '../../sdk/client.ts';

export const PROJECTS = 'projects';

/** The projects of all workspaces that one may see; remembered for when there is no network. */
export function projectsQuery(server: Client) {
  return queryOptions({
    queryKey: [PROJECTS, 'there'],
    queryFn: ({ signal }) => server.projects.list({ signal }),
  });
}
