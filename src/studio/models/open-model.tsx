import '@mantine/dropzone/styles.css';
import { Box, Button, Group, Stack, Text } from '@mantine/core';
import { Dropzone } from '@mantine/dropzone';
import { IconFolderOpen, IconPackageImport } from '@tabler/icons-react';
import { useRef } from 'react';
import { type Doing, DoingBar } from '../../ui/doing.tsx';

/** Takes a zip or a folder's files, dropped or picked; reading them is the caller's. */
export function OpenModel({
  doing,
  onFiles,
}: {
  /** How far the reading is; null when nothing is being read. */
  readonly doing: Doing | null;
  readonly onFiles: (files: File[]) => void;
}) {
  const busy = doing !== null;
  const folder = useRef<HTMLInputElement>(null);
  return (
    <Dropzone
      onDrop={onFiles}
      loading={false}
      disabled={busy}
      // Without it the buttons inside take no clicks.
      enablePointerEvents
      p="md"
      radius="sm"
      aria-label="Open a model"
    >
      <Stack align="center" gap={6}>
        <IconPackageImport size={28} stroke={1.4} aria-hidden />
        <Text size="sm" fw={500}>
          Open a Hugging Face folder or a zip of one
        </Text>
        {doing !== null && (
          <Box w="100%">
            <DoingBar doing={doing} />
          </Box>
        )}
        <Text size="xs" c="dimmed" ta="center">
          gpt2 or llama, in safetensors: config.json, model.safetensors, tokenizer.json. It stays on this
          machine and in the project.
        </Text>
        <Group gap="xs">
          <Button size="compact-xs" variant="default" disabled={busy}>
            Choose files
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            disabled={busy}
            leftSection={<IconFolderOpen size={14} />}
            onClick={(event) => {
              event.stopPropagation();
              folder.current?.click();
            }}
          >
            Choose a folder
          </Button>
        </Group>
        <input
          ref={folder}
          type="file"
          multiple
          hidden
          aria-label="Model folder"
          {...{ webkitdirectory: '' }}
          onChange={(event) => {
            onFiles([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = '';
          }}
        />
      </Stack>
    </Dropzone>
  );
}
