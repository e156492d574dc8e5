import { useCallback, useMemo, useRef, useState } from 'react';
import type { Range } from '../../domain/preflight/report.ts';
import { toMonacoRange } from './monaco/ranges.ts';
import type { OpenEditor } from './text-editor.tsx';

export interface Opened {
  /** Null until the text is on the screen. */
  readonly editing: OpenEditor | null;
  /** The same, as of now instead of the last render. */
  readonly now: () => OpenEditor | null;
  readonly text: () => string;
  readonly onOpen: (editing: OpenEditor) => () => void;
  /** Selects what is there and brings it into view. */
  readonly goTo: (range: Range) => void;
}

/** The editor that is open. `onShow` brings it to the front where it is not beside what leads there. */
export function useOpened(onShow: () => void): Opened {
  const open = useRef<OpenEditor | null>(null);
  const [editing, setEditing] = useState<OpenEditor | null>(null);
  const now = useCallback(() => open.current, []);
  const text = useCallback(() => open.current?.model.getValue() ?? '', []);
  const onOpen = useCallback((next: OpenEditor) => {
    open.current = next;
    setEditing(next);
    return () => {
      open.current = null;
      setEditing(null);
    };
  }, []);
  const goTo = useCallback(
    (range: Range) => {
      onShow();
      const editor = open.current?.editor;
      if (editor === undefined) return;
      editor.setSelection(toMonacoRange(range));
      editor.revealRangeInCenterIfOutsideViewport(toMonacoRange(range));
      editor.focus();
    },
    [onShow],
  );
  return useMemo(() => ({ editing, now, text, onOpen, goTo }), [editing, now, text, onOpen, goTo]);
}
