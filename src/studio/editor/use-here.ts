import { useEffect } from 'react';
import { useLocation } from 'react-router';
import { useServices } from '../app/services.ts';
import type { Room } from '../app/use-room.ts';
import type { OpenEditor } from './text-editor.tsx';

/** Tells the others which file this page shows, and goes to whose face was clicked. */
export function useHere(options: {
  readonly projectRoom: Room | null;
  readonly path: string;
  readonly room: Room | null;
  readonly editing: OpenEditor | null;
}): void {
  const { projectRoom, path, room, editing } = options;
  const { documents } = useServices();
  useEffect(() => {
    if (projectRoom === null) return;
    documents.showFile(projectRoom, path);
    return () => documents.showFile(projectRoom, null);
  }, [documents, projectRoom, path]);

  const wantedPerson: unknown = useLocation().state?.person;
  useEffect(() => {
    if (typeof wantedPerson !== 'string' || room === null || editing === null) return;
    const offset = documents.caretOf(room, wantedPerson); // once the text is there
    if (offset === null) return;
    const position = editing.model.getPositionAt(offset);
    editing.editor.setPosition(position);
    editing.editor.revealPositionInCenter(position);
    editing.editor.focus();
  }, [documents, wantedPerson, room, editing]);
}
