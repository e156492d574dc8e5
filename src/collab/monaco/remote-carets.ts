import type { editor } from 'monaco-editor/editor';
import type { Awareness } from 'y-protocols/awareness';
import type * as Y from 'yjs';
import { type Disposable, Disposables } from '../../base/disposable.ts';
import { assignColours } from '../colours.ts';
import { presences } from '../presence.ts';
import { Caret } from './caret.ts';
import { fromRelative } from './selections.ts';
import type { TextBinding } from './text-binding.ts';

/**
 * Shows all selections of everybody else: the selected text tinted, a caret at each head, and a name at the
 * first. Decorations are Monaco's, so they move with edits until the next awareness says better.
 */
export function showRemoteCarets(
  text: Y.Text,
  awareness: Awareness,
  one: editor.ICodeEditor,
  binding: TextBinding,
): Disposable {
  const disposables = new Disposables();
  const tinted = one.createDecorationsCollection();
  const carets = new Map<string, Caret>();
  let queued = false;

  const render = (): void => {
    queued = false;
    const model = one.getModel();
    if (model === null || disposables.disposed) return;
    const everybody = presences(awareness);
    const colours = assignColours(everybody.map(({ person }) => person));
    const decorations: editor.IModelDeltaDecoration[] = [];
    const seen = new Set<string>();
    for (const { clientId, person, name, selections } of everybody) {
      if (clientId === awareness.clientID) continue;
      const colour = colours.get(person) ?? 0;
      selections.forEach((selection, index) => {
        const offsets = fromRelative(text, selection);
        if (offsets === null) return;
        const anchor = model.getPositionAt(offsets.anchor);
        const head = model.getPositionAt(offsets.head);
        if (offsets.anchor !== offsets.head) {
          const [from, to] = offsets.anchor < offsets.head ? [anchor, head] : [head, anchor];
          decorations.push({
            range: {
              startLineNumber: from.lineNumber,
              startColumn: from.column,
              endLineNumber: to.lineNumber,
              endColumn: to.column,
            },
            options: {
              className: `remote-selection person-${colour}`,
              stickiness: NEVER_GROWS,
            },
          });
        }
        const id = `${clientId}:${index}`;
        seen.add(id);
        const caret = carets.get(id) ?? new Caret(one, `anneal.caret.${id}`);
        carets.set(id, caret);
        caret.show({ position: head, colour, name: index === 0 ? name : null });
      });
    }
    tinted.set(decorations);
    for (const [id, caret] of carets) {
      if (seen.has(id)) continue;
      caret.dispose();
      carets.delete(id);
    }
  };
  const schedule = (): void => {
    if (queued) return;
    queued = true;
    queueMicrotask(render);
  };
  awareness.on('change', schedule);
  disposables.add(() => awareness.off('change', schedule));
  binding.onRemote(schedule);
  binding.onLocal(schedule);
  disposables.add(() => {
    tinted.clear();
    for (const caret of carets.values()) caret.dispose();
    carets.clear();
  });
  schedule();
  return { dispose: () => disposables.dispose() };
}

/** editor.TrackedRangeStickiness.NeverGrowsWhenTypingAtEdges: types only here. */
const NEVER_GROWS: editor.TrackedRangeStickiness.NeverGrowsWhenTypingAtEdges = 1;
