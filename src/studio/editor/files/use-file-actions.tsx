import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMemo } from 'react';
import { AnnealError } from '../../../base/error.ts';
import { type Services, useServices } from '../../app/services.ts';
import type { ListedFile } from '../../app/use-room.ts';
import { askForPath } from './path-dialog.tsx';

/** What can be done with files. The server does it, so that a new text is seeded once, and tells everybody. */
export function useFileActions(
  project: string,
  files: readonly ListedFile[],
  onOpen: (path: string) => void,
): FileActions {
  const { server } = useServices();
  return useMemo(() => fileActions(server, project, files, onOpen), [server, project, files, onOpen]);
}

export interface FileActions {
  create(): void;
  rename(path: string): void;
  remove(path: string): Promise<void>;
  restore(path: string): Promise<void>;
  /** Keeps a text as a new file beside the one it came from. Resolves with its path. */
  keepCopy(path: string, text: string): Promise<string>;
}

function fileActions(
  server: Services['server'],
  project: string,
  files: readonly ListedFile[],
  onOpen: (path: string) => void,
): FileActions {
  const taken = files.map(({ path }) => path);
  const create = (): void =>
    askForPath({
      title: 'New file',
      button: 'Create',
      initial: '',
      taken,
      onDone: async (path) => {
        await server.files.create(project, { kind: 'text', path, text: '' });
        onOpen(path);
      },
    });
  const rename = (from: string): void =>
    askForPath({
      title: `Rename ${from}`,
      button: 'Rename',
      initial: from,
      taken,
      onDone: async (to) => {
        await server.files.rename(project, from, to);
      },
    });
  const restore = async (path: string): Promise<void> => {
    try {
      await server.files.restore(project, path);
      onOpen(path);
    } catch (thrown) {
      notifyFailure(thrown);
    }
  };
  const remove = async (path: string): Promise<void> => {
    try {
      await server.files.remove(project, path);
    } catch (thrown) {
      return notifyFailure(thrown);
    }
    const id = notifications.show({
      autoClose: 10_000,
      message: (
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {path} is deleted
          </Text>
          <Button
            size="compact-sm"
            flex="none"
            variant="light"
            onClick={() => {
              notifications.hide(id);
              void restore(path);
            }}
          >
            Undo
          </Button>
        </Group>
      ),
    });
  };
  const keepCopy = async (path: string, text: string): Promise<string> => {
    const dot = path.lastIndexOf('.');
    const [stem, end] = dot > path.lastIndexOf('/') ? [path.slice(0, dot), path.slice(dot)] : [path, ''];
    const free = Array.from(
      { length: 100 },
      (_, i) => `${stem} (earlier${i === 0 ? '' : ` ${i + 1}`})${end}`,
    ).find((candidate) => !taken.includes(candidate));
    const copy = free ?? `${stem} ${Date.now()}${end}`;
    await server.files.create(project, { kind: 'text', path: copy, text });
    return copy;
  };
  return { create, rename, remove, restore, keepCopy };
}

export function notifyFailure(thrown: unknown): void {
  const known = thrown instanceof AnnealError ? thrown : null;
  notifications.show({
    color: 'red',
    title: known?.message ?? (thrown instanceof Error ? thrown.message : String(thrown)),
    message: known?.fix ?? 'Reload the page and try again.',
    autoClose: 12_000,
  });
}
