import { onTestFinished } from 'vitest';
import { syncPath } from '../../src/protocol/sync.ts';
import { Editor, type EditorOptions } from './editor.ts';

/** An editor in a document, synced; it leaves when the test is over. */
export async function join(
  url: string,
  path: string,
  options: EditorOptions & { readonly project?: string } = {},
): Promise<Editor> {
  const editor = new Editor(url, syncPath(options.project ?? 'sample', path), options);
  onTestFinished(() => editor.leave());
  await editor.untilSynced();
  return editor;
}
