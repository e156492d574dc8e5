import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { notifyError } from '../shared/notify.tsx';
import { PROJECTS, projectsQuery } from '../shared/projects-query.ts';
import { isDeleted } from './deleted.ts';
import { useServices } from './services.ts';
import { type Room, useRoomState } from './use-room.ts';

/** Somebody else may bring it back, of which a closed document hears nothing. */
const LOOK_MS = 20_000;

/** Brings a deleted project back, and opens its documents again. */
export function useBringBack(project: string, rooms: readonly Room[]) {
  const { server } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => server.projects.restore(project),
    onSuccess: async () => {
      for (const room of rooms) room.retry();
      await queries.invalidateQueries({ queryKey: [PROJECTS] });
    },
    onError: notifyError,
  });
}

/** Opens a project's document again once the project is back, whoever brought it back and from where. */
export function useOpenedAgain(room: Room | null): void {
  const { server } = useServices();
  const gone = isDeleted(useRoomState(room));
  const { dataUpdatedAt } = useQuery({ ...projectsQuery(server), enabled: false }); // asked anew by whoever changes it
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the list is another, and not by what is remembered of it
  useEffect(() => {
    if (!gone || room === null) return;
    const asking = new AbortController();
    const { signal } = asking;
    const look = (): void =>
      void server.projects.list({ signal }).then(
        (projects) => {
          if (!signal.aborted && projects.some(({ id }) => id === room.project)) room.retry();
        },
        () => undefined, // the next look
      );
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => {
      asking.abort();
      clearInterval(timer);
    };
  }, [gone, room, server, dataUpdatedAt]);
}
