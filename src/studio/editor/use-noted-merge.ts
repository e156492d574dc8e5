import { useEffect } from 'react';
import { reviewDocument } from '../../protocol/review.ts';
import { useServices } from '../app/services.ts';
import type { Room } from '../app/use-room.ts';
import type { OpenEditor } from './text-editor.tsx';

/** The server may not have all of a text that has only just been typed. */
const NOTE_AFTER_MS = 1_500;

/**
 * Whoever is told of a merge leaves the last good text with the server (`good`), and who comes later to what the
 * edits have made (`broken`) finds it there.
 */
export function useNotedMerge(options: {
  readonly room: Room | null;
  readonly opened: OpenEditor | null;
  readonly broken: string | null;
  readonly good: string | null;
  readonly mayEdit: boolean;
  readonly onFound: (text: string) => void;
}): void {
  const { room, opened, broken, good, mayEdit, onFound } = options;
  const { review: service, documents } = useServices();

  useEffect(() => {
    if (broken === null || room === null) return;
    const { project, path } = room;
    let over = false;
    const look = async (review: Room): Promise<void> => {
      const version = documents.review.mergeOf(review, await service.hashOf(broken));
      if (version === null || over) return;
      const { text } = await service.contentOf({ project, path }, version);
      if (!over) onFound(text);
    };
    // Without the server, or where the version is gone by now, there is nothing to go back to.
    const found = (review: Room): void => void look(review).catch(() => undefined);
    const held = documents.use(project, reviewDocument(path));
    let stop = (): void => undefined;
    held.room.then(
      (review) => {
        if (over) return;
        found(review);
        stop = documents.review.observe(review, () => found(review));
      },
      () => undefined,
    );
    return () => {
      over = true;
      stop();
      held.release();
    };
  }, [service, documents, room, broken, onFound]);

  useEffect(() => {
    if (good === null || room === null || opened === null || !mayEdit) return;
    const { project, path } = room;
    const { model } = opened;
    if (model.isDisposed()) return;
    const held = documents.use(project, reviewDocument(path));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const note = async (): Promise<void> => {
      if (model.isDisposed()) return;
      const present = model.getValue();
      const [review, hash] = await Promise.all([held.room, service.hashOf(present)]);
      // Somebody else, whom it was told too, was faster.
      if (documents.review.mergeOf(review, hash) === null)
        await service.noteMerge({ project, path }, good, present);
    };
    const soon = (): void => {
      clearTimeout(timer);
      // Where it fails somebody types, and it is said anew of what comes of that.
      timer = setTimeout(() => void note().catch(() => undefined), NOTE_AFTER_MS);
    };
    soon();
    const changes = model.onDidChangeContent(soon);
    return () => {
      clearTimeout(timer);
      changes.dispose();
      held.release();
    };
  }, [service, documents, room, opened, good, mayEdit]);
}
