import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { type Person, people } from '../../collab/presence.ts';
import type { ListedFile } from '../../collab/project-files.ts';
import type { Room, RoomState } from '../../collab/room.ts';
import { PROJECT_DOCUMENT } from '../../protocol/sync.ts';
import { useServices } from './services.ts';

export type { ListedFile, Person, Room };

interface Opened {
  readonly key: string;
  readonly room: Room | null;
  readonly error: unknown;
}

/** Keeps a document open while mounted; null until what this machine keeps of it is loaded. */
export function useFileRoom(project: string, path: string): { room: Room | null; error: unknown } {
  const { documents } = useServices();
  // Opened anew when the server turned out to have another document under this name.
  const generation = useSyncExternalStore(documents.onReplaced, () => documents.generation(project, path));
  const key = `${project}/${path}#${generation}`;
  const [opened, setOpened] = useState<Opened>({ key, room: null, error: null });
  useEffect(() => {
    let over = false;
    const held = documents.use(project, path);
    held.room.then(
      (room) => over || setOpened({ key, room, error: null }),
      (error: unknown) => over || setOpened({ key, room: null, error }),
    );
    return () => {
      over = true;
      held.release();
    };
  }, [documents, project, path, key]);
  return opened.key === key ? opened : { room: null, error: null };
}

export function useProjectRoom(project: string): { room: Room | null; error: unknown } {
  return useFileRoom(project, PROJECT_DOCUMENT);
}

const NEVER = (): (() => void) => () => undefined;

export function useRoomState(room: Room | null): RoomState | null {
  return useSyncExternalStore(room?.subscribe ?? NEVER, () => room?.state ?? null);
}

/** The people in a document, oneself first; renewed when somebody comes, goes, or moves to another file. */
export function usePeople(room: Room | null): readonly Person[] {
  const { profile } = useServices();
  const shown = useRef<readonly Person[]>([]);
  const subscribe = useCallback(
    (listener: () => void) => {
      room?.awareness.on('change', listener);
      return () => room?.awareness.off('change', listener);
    },
    [room],
  );
  return useSyncExternalStore(subscribe, () => {
    const next = room === null ? [] : people(room.awareness, profile.current().id);
    if (JSON.stringify(next) !== JSON.stringify(shown.current)) shown.current = next;
    return shown.current;
  });
}

/** The files of a project, renewed with its document. */
export function useFiles(room: Room | null): readonly ListedFile[] {
  const { documents } = useServices();
  const [files, setFiles] = useState<readonly ListedFile[]>([]);
  useEffect(() => {
    if (room === null) return setFiles([]);
    const read = (): void => setFiles(documents.list(room));
    read();
    return documents.observe(room, read);
  }, [documents, room]);
  return files;
}
