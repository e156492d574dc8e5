import { useCallback, useEffect, useRef, useState } from 'react';
import { AnnealError } from '../../base/error.ts';
import { protocolErrors } from '../../protocol/errors.ts';
import { useServices } from '../app/services.ts';
import type { Room } from '../app/use-room.ts';
import { notifyError, notifyUndo } from '../shared/notify.tsx';
import type { OpenEditor } from './text-editor.tsx';

/**
 * Has the server write the last good text over the one that stands here, with F9 from wherever one is. Of several
 * who do so at once one does it: it is done only while the text is the one that was on the screen.
 */
export function useTakeBack(options: {
  readonly room: Room | null;
  readonly opened: OpenEditor | null;
  readonly good: string | null;
  readonly mayEdit: boolean;
}): { readonly takeBack: (() => void) | null; readonly moved: boolean } {
  const { room, opened, good, mayEdit } = options;
  const { review } = useServices();
  const [moved, setMoved] = useState(false);
  const busy = useRef(false);
  // What is told next time is another merge.
  useEffect(() => {
    if (good === null) setMoved(false);
  }, [good]);
  const work = useCallback(async (): Promise<void> => {
    if (room === null || opened === null || good === null || busy.current) return;
    if (opened.model.isDisposed()) return;
    const file = { project: room.project, path: room.path };
    busy.current = true;
    setMoved(false);
    try {
      const before = await review.takeBack(file, good, opened.model.getValue());
      if (before !== null) notifyUndo('The merge was taken back', () => review.restore(file, before.id));
      opened.editor.focus(); // the button that had the focus goes
    } catch (error) {
      // Somebody was faster, which is seen in a moment, or has typed: then it is still told, and says so.
      if (error instanceof AnnealError && error.code === protocolErrors.textMoved.code) setMoved(true);
      else notifyError(error);
    } finally {
      busy.current = false;
    }
  }, [review, room, opened, good]);
  const takeBack = useCallback(() => void work(), [work]);
  const isOffered = good !== null && mayEdit;
  useEffect(() => {
    if (!isOffered) return;
    const onKey = (event: KeyboardEvent): void => {
      const { key, ctrlKey, altKey, metaKey, shiftKey } = event;
      if (key !== 'F9' || ctrlKey || altKey || metaKey || shiftKey) return;
      event.preventDefault();
      takeBack();
    };
    // Before the editor, which has the focus most of the time and keeps keys to itself.
    window.addEventListener('keydown', onKey, true);
    return () => window.removeEventListener('keydown', onKey, true);
  }, [isOffered, takeBack]);
  return { takeBack: mayEdit ? takeBack : null, moved };
}
