import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Project } from '../../protocol/http/projects.ts';
import type { Client } from '../../sdk/client.ts';
import { notifyError, notifyUndo } from '../shared/notify.tsx';
import { PROJECTS, projectsQuery } from '../shared/projects-query.ts';

const KEY = [PROJECTS] as const;

/** The server's projects; whatever changes one reads the list anew. New ones go into the workspace, where one is named. */
export function useProjects(server: Client, workspace: string | null) {
  const queries = useQueryClient();
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: KEY });
  const list = useQuery(projectsQuery(server));
  const deleted = useQuery({
    queryKey: [...KEY, 'deleted'],
    queryFn: ({ signal }) => server.projects.list({ signal, deleted: true }),
  });
  const create = useMutation({
    mutationFn: (name: string) => server.projects.create({ name }, workspace === null ? {} : { workspace }),
    onSuccess: refresh,
    onError: notifyError,
  });
  const rename = useMutation({
    mutationFn: ({ id, name }: { readonly id: string; readonly name: string }) =>
      server.projects.rename(id, name),
    onSuccess: refresh,
    onError: notifyError,
  });
  const restore = useMutation({
    mutationFn: (id: string) => server.projects.restore(id),
    onSuccess: refresh,
    onError: notifyError,
  });
  const remove = useMutation({
    mutationFn: (project: Project) => server.projects.remove(project.id),
    onSuccess: async (_, project) => {
      await refresh();
      notifyUndo(`${project.name} is deleted`, () => restore.mutateAsync(project.id));
    },
    onError: notifyError,
  });
  return { list, deleted, create, rename, remove, restore };
}
