import type { editor } from 'monaco-editor/editor';
import * as Y from 'yjs';
import { type Disposable, Disposables } from '../../base/disposable.ts';
import { fromRelative, type RelativeSelection, type SelectionTracker } from './selections.ts';
import type { TextBinding } from './text-binding.ts';

/** Edits closer together than this are undone together, as long as nothing else happens between them. */
const CAPTURE_MS = 500;

interface SelectionsOfStep {
  /** Where the carets were before the step; undoing goes back there. */
  readonly before: readonly RelativeSelection[];
  /** Where they were after it; redoing goes there. */
  after: readonly RelativeSelection[];
}

const SELECTIONS = 'selections';

/**
 * Undo of this person's own edits. Monaco's own history is cut off at the model: its undo and redo, by
 * whatever key or menu they come, are these.
 */
export function bindUndo(
  text: Y.Text,
  model: editor.ITextModel,
  binding: TextBinding,
  tracker: SelectionTracker,
): Disposable & { readonly manager: Y.UndoManager } {
  const disposables = new Disposables();
  const manager = new Y.UndoManager(text, {
    trackedOrigins: new Set([binding.origin]),
    captureTimeout: CAPTURE_MS,
  });

  const remember = (event: {
    stackItem: { meta: Map<unknown, unknown> };
    type: 'undo' | 'redo';
    origin: unknown;
  }): void => {
    if (event.origin !== binding.origin) return; // a step turned over by undo or redo: see onPopped
    const known = event.stackItem.meta.get(SELECTIONS) as SelectionsOfStep | undefined;
    if (known === undefined)
      event.stackItem.meta.set(SELECTIONS, { before: tracker.beforeEdit(), after: [] });
  };
  const onPopped = (event: { stackItem: { meta: Map<unknown, unknown> }; type: 'undo' | 'redo' }): void => {
    const step = event.stackItem.meta.get(SELECTIONS) as SelectionsOfStep | undefined;
    if (step === undefined) return;
    const turned = (event.type === 'undo' ? manager.redoStack : manager.undoStack).at(-1);
    turned?.meta.set(SELECTIONS, step);
    const wanted = event.type === 'undo' ? step.before : step.after;
    tracker.restore(wanted.flatMap((selection) => fromRelative(text, selection) ?? []));
  };
  manager.on('stack-item-added', remember);
  manager.on('stack-item-popped', onPopped);

  // Carets move after the content does: what follows an edit belongs to the step that the edit made.
  tracker.onMoved((selections, causedByEdit) => {
    if (causedByEdit) {
      const step = manager.undoStack.at(-1)?.meta.get(SELECTIONS) as SelectionsOfStep | undefined;
      if (step !== undefined) step.after = selections;
    } else manager.stopCapturing();
  });
  binding.onRemote(() => manager.stopCapturing());
  // A new line, a paste or a quick fix is a step of its own.
  const isLarge = (event: editor.IModelContentChangedEvent): boolean =>
    event.changes.some(({ text: inserted }) => inserted.length > 1 || inserted === '\n');
  binding.onBeforeLocal((event) => {
    if (isLarge(event)) manager.stopCapturing();
  });
  binding.onLocal((event) => {
    if (isLarge(event)) manager.stopCapturing();
  });

  const own = { undo: model.undo, redo: model.redo, canUndo: model.canUndo, canRedo: model.canRedo };
  model.undo = () => void manager.undo();
  model.redo = () => void manager.redo();
  model.canUndo = () => manager.canUndo();
  model.canRedo = () => manager.canRedo();
  disposables.add(() => Object.assign(model, own));
  disposables.add(() => manager.destroy());
  return { manager, dispose: () => disposables.dispose() };
}
