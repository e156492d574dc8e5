import { Button, Group, Modal, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import type * as Monaco from 'monaco-editor/editor';
import { useEffect, useRef, useState } from 'react';
import { useReturnFocus } from '../../../ui/use-return-focus.ts';
import type { OpenEditor } from '../text-editor.tsx';
import { type LineAuthors, showBlame } from './blame.ts';

export interface Sides {
  readonly before: string;
  /** Null: the text that is open, which goes on changing while somebody looks. */
  readonly after: string | null;
  /** Who wrote each line of `before`; null where nobody asked. */
  readonly authors: LineAuthors | null;
}

/** Two texts beside each other. */
export function TextDiff(props: {
  readonly title: string;
  /** Empty: nothing to say. */
  readonly about: string;
  readonly sides: Sides;
  readonly opened: OpenEditor;
  readonly action: { readonly label: string; readonly run: () => void } | null;
  readonly onClose: () => void;
}) {
  const { title, about, sides, opened, action, onClose } = props;
  useReturnFocus();
  return (
    <Modal opened onClose={onClose} title={title} size="min(1200px, 94vw)">
      {about !== '' && (
        <Text size="sm" mb="xs">
          {about}
        </Text>
      )}
      <DiffHost sides={sides} opened={opened} />
      <Group justify="end" mt="sm">
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
        {action !== null && <Button onClick={action.run}>{action.label}</Button>}
      </Group>
    </Modal>
  );
}

/** Longer than comparing two texts takes. */
const COMPARED_AFTER_MS = 10_000;

/** Inside of the modal, whose content is there only once it is shown. */
function DiffHost({ sides, opened }: { readonly sides: Sides; readonly opened: OpenEditor }) {
  const host = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState<Monaco.editor.IStandaloneDiffEditor | null>(null);
  const narrow = useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false }) ?? false;
  // Before the other effect, so that it is undone while the editor is still there.
  useEffect(() => {
    shown?.updateOptions({ diffWordWrap: narrow ? 'on' : 'off', renderOverviewRuler: !narrow });
    // Beside the numbers of both texts a name would leave the text no room.
    if (shown === null || narrow || sides.authors === null) return;
    const blame = showBlame(opened.monaco, shown.getOriginalEditor(), sides.authors);
    return () => blame.dispose();
  }, [shown, narrow, sides, opened]);
  useEffect(() => {
    if (host.current === null || opened.model.isDisposed()) return;
    const { monaco, model } = opened;
    const { before, after } = sides;
    const original = monaco.editor.createModel(before, model.getLanguageId());
    const made = after === null ? null : monaco.editor.createModel(after, model.getLanguageId());
    const editor = monaco.editor.createDiffEditor(host.current, {
      readOnly: true,
      originalEditable: false,
      automaticLayout: true,
      renderSideBySide: true,
      useInlineViewWhenSpaceIsLimited: true,
      hideUnchangedRegions: { enabled: true },
      minimap: { enabled: false },
      scrollBeyondLastLine: false,
      fontFamily: 'var(--mantine-font-family-monospace)',
      fontSize: 13,
      lineHeight: 20,
      glyphMargin: false,
      inlayHints: { enabled: 'off' }, // not of either text
      scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false },
    });
    keepNamed(editor.getOriginalEditor(), 'The earlier text');
    keepNamed(editor.getModifiedEditor(), 'The later text');
    // Lists and toolbars get their tooltips from what the editor that was made last was made of. A comparison's goes
    // with it, and completion would fail from then on; that of a plain editor stays.
    monaco.editor.create(document.createElement('div'), { model: null }).dispose();
    editor.setModel({ original, modified: made ?? model });
    setShown(editor);
    return () => {
      setShown(null);
      // The model of the text is the editor's: it must not go with the comparison.
      editor.setModel(null);
      editor.dispose();
      // A comparison that is still under way in the worker fails where a text of it is gone.
      setTimeout(() => {
        original.dispose();
        made?.dispose();
      }, COMPARED_AFTER_MS);
    };
  }, [sides, opened]);
  return <div ref={host} className="text-diff" />;
}

/** What a comparison is told to call its texts it forgets with the next change of its options or its width. */
function keepNamed(one: Monaco.editor.ICodeEditor, ariaLabel: string): void {
  const say = (): void => {
    if (one.getRawOptions().ariaLabel !== ariaLabel) one.updateOptions({ ariaLabel });
  };
  say();
  one.onDidChangeConfiguration(say);
}
