import { can } from '../../domain/access/roles.ts';
import { applyEdits, setField } from '../../domain/config/edit.ts';
import { Lines } from '../../domain/config/lines.ts';
import type { TextEdit } from '../../domain/preflight/report.ts';
import { protocolErrors } from '../../protocol/errors.ts';
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
  return await editText(documents, project, CONFIG_PATH, [(text) => setField(text, path, value)]);
}

/**
 * Edits a shared text, step by step, each step on what the one before has left, as one change. False, and
 * nothing changed, where a step has no edits to give or the text is not here yet. Throws forbidden where one's role
 * does not allow it: the server would take nothing of it.
 */
export async function editText(
  documents: Services['documents'],
  project: string,
  path: string,
  steps: readonly ((text: string) => readonly TextEdit[] | null)[],
): Promise<boolean> {
  const use = documents.use(project, path);
  try {
    const room = await use.room;
    const { ready, role } = room.state;
    if (!ready) return false;
    if (role !== null && !can(role, 'document.edit'))
      throw protocolErrors.forbidden({ message: `A ${role} may not change the config`, where: path });
    const shared = room.doc.getText(TEXT_ROOT);
    let text = shared.toString();
    const spans: Span[][] = [];
    for (const step of steps) {
      const edits = step(text);
      if (edits === null) return false;
      spans.push(spansOf(text, edits));
      text = applyEdits(text, edits);
    }
    room.doc.transact(() => {
      for (const { from, to, newText } of spans.flat()) {
        shared.delete(from, to - from);
        shared.insert(from, newText);
      }
    });
    return true;
  } finally {
    use.release();
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly newText: string;
}

/** Last first, so that none moves another. */
function spansOf(text: string, edits: readonly TextEdit[]): Span[] {
  const lines = new Lines(text);
  return edits
    .map(({ range, newText }) => ({ from: lines.offset(range.start), to: lines.offset(range.end), newText }))
    .sort((a, b) => b.from - a.from);
}
