import { setField } from '../../domain/config/edit.ts';
import { Lines } from '../../domain/config/lines.ts';
import { TEXT_ROOT } from '../../protocol/sync.ts';
import type { Services } from '../app/services.ts';

/** The config that a project is trained by. */
export const CONFIG_PATH = 'anneal.yaml';

/**
 * Gives a field of the project's shared config a value, as an edit of that value alone: comments stay, and it
 * merges with what others type. False where the text cannot be edited now (it is not YAML, or not here yet).
 */
export async function setConfigField(
  { documents }: Pick<Services, 'documents'>,
  project: string,
  path: readonly string[],
  value: unknown,
): Promise<boolean> {
  const use = documents.use(project, CONFIG_PATH);
  try {
    const room = await use.room;
    if (!room.state.ready) return false;
    const shared = room.doc.getText(TEXT_ROOT);
    const text = shared.toString();
    const edits = setField(text, path, value);
    if (edits === null) return false;
    const lines = new Lines(text);
    const spans = edits
      .map(({ range, newText }) => ({
        from: lines.offset(range.start),
        to: lines.offset(range.end),
        newText,
      }))
      .sort((a, b) => b.from - a.from);
    room.doc.transact(() => {
      for (const { from, to, newText } of spans) {
        shared.delete(from, to - from);
        shared.insert(from, newText);
      }
    });
    return true;
  } finally {
    use.release();
  }
}
