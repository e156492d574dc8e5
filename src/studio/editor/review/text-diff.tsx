import { Button, Group, Modal, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { OpenEditor } from '../text-editor.tsx';

/** An earlier text beside the one that is open, which goes on changing while somebody looks. */
export function TextDiff(props: {
  readonly title: string;
  /** Empty: nothing to say. */
  readonly about: string;
  readonly before: string;
  readonly opened: OpenEditor;
  readonly action: { readonly label: string; readonly run: () => void } | null;
  readonly onClose: () => void;
}) {
  const { title, about, before, opened, action, onClose } = props;
  return (
    <Modal opened onClose={onClose} title={title} size="min(1200px, 94vw)">
      {about !== '' && (
        <Text size="sm" mb="xs">
          {about}
        </Text>
      )}
      <DiffHost before={before} opened={opened} />
      <Group justify="end" mt="sm">
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
        {action !== null && <Button onClick={action.run}>{action.label}</Button>}
      </Group>
    </Modal>
  );
}

/** Inside of the modal, whose content is there only once it is shown. */
function DiffHost({ before, opened }: { readonly before: string; readonly opened: OpenEditor }) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current === null || opened.model.isDisposed()) return;
    const { monaco, model } = opened;
    const original = monaco.editor.createModel(before, model.getLanguageId());
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
      modifiedAriaLabel: 'The text now',
    });
    editor.setModel({ original, modified: model });
    return () => {
      // The model of the text is the editor's: it must not go with the comparison.
      editor.setModel(null);
      editor.dispose();
      original.dispose();
    };
  }, [before, opened]);
  return <div ref={host} className="text-diff" />;
}
