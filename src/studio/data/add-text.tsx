import '@mantine/dropzone/styles.css';
import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { Dropzone } from '@mantine/dropzone';
import { IconClipboardText, IconFileUpload } from '@tabler/icons-react';
import { useState } from 'react';
import { type Doing, DoingBar } from '../../ui/doing.tsx';

/** Takes texts: dropped, picked, or pasted. What becomes of them is the caller's. */
export function AddText({
  doing,
  onFiles,
}: {
  /** What is being taken now; null when nothing is. */
  readonly doing: Doing | null;
  readonly onFiles: (files: readonly File[]) => void;
}) {
  const [pasting, setPasting] = useState(false);
  return (
    <>
      <Dropzone
        onDrop={onFiles}
        disabled={doing !== null}
        // Without it the buttons inside take no clicks.
        enablePointerEvents
        p="md"
        radius="sm"
        aria-label="Add text files"
      >
        <Stack align="center" gap={6}>
          <IconFileUpload size={28} stroke={1.4} aria-hidden />
          <Text size="sm" fw={500}>
            Drop text files here
          </Text>
          <Group gap="xs">
            <Button size="compact-xs" variant="default">
              Choose files
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              leftSection={<IconClipboardText size={14} />}
              onClick={(event) => {
                event.stopPropagation();
                setPasting(true);
              }}
            >
              Paste a text
            </Button>
          </Group>
          <Text size="xs" c="dimmed" ta="center">
            Up to 64 MB each, in UTF-8 or UTF-16. Shared with everybody in the project.
          </Text>
        </Stack>
      </Dropzone>
      {doing !== null && <DoingBar doing={doing} />}
      <Paste
        opened={pasting}
        onClose={() => setPasting(false)}
        onText={(name, text) => {
          setPasting(false);
          onFiles([new File([text], name, { type: 'text/plain' })]);
        }}
      />
    </>
  );
}

function Paste({
  opened,
  onClose,
  onText,
}: {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onText: (name: string, text: string) => void;
}) {
  const [name, setName] = useState('pasted.txt');
  const [text, setText] = useState('');
  return (
    <Modal opened={opened} onClose={onClose} title="Paste a text" size="lg">
      <Stack
        component="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() === '' || text === '') return;
          onText(name.trim(), text);
          setText('');
        }}
      >
        <TextInput
          label="Name in the project"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={name.trim() === '' ? 'It needs a name' : null}
        />
        <Textarea
          label="Text"
          placeholder="Anything that a model could learn to write"
          data-autofocus
          rows={14} // to grow with it, all of a long text would be laid out with every key
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Group justify="space-between">
          <Text size="xs" c="dimmed">
            {text.length.toLocaleString('en')} characters
          </Text>
          <Button type="submit" disabled={text === '' || name.trim() === ''}>
            Add to the project
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
