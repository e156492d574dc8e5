import type { editor } from 'monaco-editor/editor';
import type { Awareness } from 'y-protocols/awareness';
import type * as Y from 'yjs';
import { type Disposable, Disposables } from '../../base/disposable.ts';
import { showRemoteCarets } from './remote-carets.ts';
import { trackSelections } from './selections.ts';
import { shareSelections } from './share-selections.ts';
import { installPersonStyles } from './styles.ts';
import { bindText } from './text-binding.ts';
import { bindUndo } from './undo.ts';

export interface EditorBinding extends Disposable {
  readonly undo: Y.UndoManager;
  /** See TextBinding.repairs. */
  readonly repairs: number;
}

/** Binds one Monaco editor, with its model, to a shared text: content, own undo, selections both ways. */
export function bindEditor(text: Y.Text, awareness: Awareness, one: editor.ICodeEditor): EditorBinding {
  const model = one.getModel();
  if (model === null) throw new Error('An editor needs a model to be bound.');
  const disposables = new Disposables();
  installPersonStyles();
  const binding = bindText(text, model, new Set([one]));
  const tracker = trackSelections(text, one, binding);
  const undo = bindUndo(text, model, binding, tracker);
  for (const part of [binding, tracker, undo]) disposables.add(part);
  disposables.add(shareSelections(awareness, one, tracker));
  disposables.add(showRemoteCarets(text, awareness, one, binding));
  return {
    undo: undo.manager,
    get repairs() {
      return binding.repairs;
    },
    dispose: () => disposables.dispose(),
  };
}
