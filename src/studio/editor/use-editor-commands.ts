import { useCommands } from '../app/use-commands.ts';
import type { ListedFile } from '../app/use-room.ts';
import type { FileActions } from './files/use-file-actions.tsx';
import { reviewCommands } from './review/commands.ts';
import type { Reviewing } from './review/use-reviewing.ts';
import type { MergeGuarding } from './use-merge-guard.ts';

/** What the palette offers while the editor is on show. */
export function useEditorCommands(options: {
  readonly path: string;
  readonly files: readonly ListedFile[];
  readonly actions: FileActions;
  readonly mayChange: boolean;
  readonly reviewing: Reviewing;
  readonly guarding: MergeGuarding;
  readonly train: () => void;
  readonly goToFile: (path: string) => void;
}): void {
  const { path, files, actions, goToFile } = options;
  useCommands([
    { id: 'train', label: 'Train', group: 'Run', shortcut: 'Ctrl+Enter', run: options.train },
    ...(options.mayChange
      ? [
          { id: 'file.new', label: 'New file', group: 'Files', run: actions.create },
          { id: 'file.rename', label: `Rename ${path}`, group: 'Files', run: () => actions.rename(path) },
          {
            id: 'file.delete',
            label: `Delete ${path}`,
            group: 'Files',
            run: () => void actions.remove(path),
          },
        ]
      : []),
    ...reviewCommands(options.reviewing, options.guarding),
    ...files
      .filter(({ entry }) => entry.kind === 'text')
      .map((file) => ({
        id: `file.open ${file.path}`,
        label: `Open ${file.path}`,
        group: 'Files',
        run: () => goToFile(file.path),
      })),
  ]);
}
