import { Button, Group, Modal, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
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
  useEffect(() => {
    if (host.current === null || opened.model.isDisposed()) return;
    const { monaco, model } = opened;
    const { before, after, authors } = sides;
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
      fontSize: 13,
      originalAriaLabel: 'The earlier text',
      modifiedAriaLabel: 'The later text',
    });
    editor.setModel({ original, modified: made ?? model });
    const blame = authors === null ? null : showBlame(monaco, editor.getOriginalEditor(), authors);
    return () => {
      // The model of the text is the editor's: it must not go with the comparison.
      blame?.dispose();
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
