import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { useServices } from '../app/services.ts';
import type { ListedFile, Room } from '../app/use-room.ts';
import { type FileActions, notifyFailure } from './files/use-file-actions.tsx';
import { draftedPaths, moveDrafts } from './review/drafts.ts';
import type { RoomState } from './review/use-review.ts';

/** Follows what others, or the server, do to the file itself: moved, deleted and there again, replaced. */
export function useFileChanges(options: {
  readonly project: string;
  readonly path: string;
  readonly room: Room | null;
  readonly state: RoomState | null;
  readonly projectRoom: Room | null;
  readonly projectDeleted: boolean;
  readonly files: readonly ListedFile[];
  readonly goToFile: (path: string) => void;
  readonly keepCopy: FileActions['keepCopy'];
}): void {
  const { project, path, room, state, projectRoom, projectDeleted, files, goToFile, keepCopy } = options;
  const { documents, profile } = useServices();
  const person = profile.keeper();

  const goneTo =
    state?.connection.kind === 'refused' && projectRoom !== null
      ? documents.movedTo(projectRoom, path)
      : null;
  useEffect(() => {
    if (goneTo === null) return;
    documents
      .follow(project, path, goneTo)
      .catch(notifyFailure)
      .finally(() => {
        moveDrafts(person, project, path, goneTo);
        goToFile(goneTo);
      });
  }, [documents, person, project, path, goneTo, goToFile]);

  // What was begun about a text that is not open goes with it too.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is another one when a file has moved
  useEffect(() => {
    if (projectRoom === null) return;
    for (const one of draftedPaths(person, project)) {
      const to = one === path ? null : documents.movedTo(projectRoom, one);
      if (to !== null) moveDrafts(person, project, one, to);
    }
  }, [documents, person, project, path, projectRoom, files]);

  // Whoever restored it, alone or with its project.
  const isListed = files.some((file) => file.path === path);
  const isThere = isListed && !projectDeleted;
  useEffect(() => {
    if (isThere && room?.state.connection.kind === 'refused') room.retry();
  }, [isThere, room]);

  // The server has another document, or this one begun anew: what was here and not there is kept under another name.
  const keep = useRef(keepCopy);
  keep.current = keepCopy;
  const isReady = projectRoom !== null && state?.connection.kind === 'synced';
  useEffect(() => {
    if (!isReady) return;
    const take = async (ofPath: string, text: string): Promise<void> => {
      const copy = await keep.current(ofPath, text);
      notifications.show({
        color: 'yellow',
        title: `The server has another text under the name ${ofPath}`,
        message: `It was set up anew, or the text has begun anew. What you had is kept as ${copy}.`,
        autoClose: false,
      });
    };
    const takeAll = (): void => void documents.takeAside(project, take).catch(notifyFailure);
    takeAll(); // also of another page, or while another screen was shown
    return documents.onReplaced((ofProject) => {
      if (ofProject === project) takeAll();
    });
  }, [documents, project, isReady]);
}
