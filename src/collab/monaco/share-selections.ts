import type { editor } from 'monaco-editor/editor';
import type { Awareness } from 'y-protocols/awareness';
import { type Disposable, Disposables } from '../../base/disposable.ts';
import type { SelectionTracker } from './selections.ts';

/** At most this often: the server limits how much awareness one may send. */
const EVERY_MS = 40;

/**
 * Tells the others where all of our selections are. Sent at the end of the turn, so after the content that
 * they refer to; when the editor loses the focus they stay, when it closes they are withdrawn.
 */
export function shareSelections(
  awareness: Awareness,
  one: editor.ICodeEditor,
  tracker: SelectionTracker,
): Disposable {
  const disposables = new Disposables();
  let lastSent = '';
  let timer: ReturnType<typeof setTimeout> | null = null;
  let queued = false;
  const send = (): void => {
    queued = false;
    const selections = tracker.current().slice(0, 100);
    const text = JSON.stringify(selections);
    if (text === lastSent || disposables.disposed) return;
    lastSent = text;
    awareness.setLocalStateField('selections', selections);
    timer = setTimeout(() => {
      timer = null;
      if (queued) send();
    }, EVERY_MS);
  };
  const schedule = (): void => {
    if (queued) return;
    queued = true;
    if (timer === null) queueMicrotask(send);
  };
  tracker.onMoved(schedule);
  disposables.add(one.onDidFocusEditorText(schedule));
  disposables.add(() => {
    if (timer !== null) clearTimeout(timer);
    if (awareness.getLocalState() !== null) awareness.setLocalStateField('selections', []);
  });
  return { dispose: () => disposables.dispose() };
}
