import type { editor } from 'monaco-editor/editor';
import * as Y from 'yjs';
import { type Disposable, Disposables } from '../../base/disposable.ts';
import { type OffsetSelection, offsetsOf, selectionAt } from './offset-selection.ts';
import type { TextBinding } from './text-binding.ts';
import { REMOTE } from './view-state.ts';

/** A selection that stays with its characters whatever others do; JSON, as it crosses the wire. */
export interface RelativeSelection {
  readonly anchor: unknown;
  readonly head: unknown;
}

/** Ends hold on to what lies inside of the selection; a caret to what lies before it. */
export function toRelative(text: Y.Text, { anchor, head }: OffsetSelection): RelativeSelection {
  const position = (at: number, other: number): unknown =>
    Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, at, at < other ? 0 : -1));
  return { anchor: position(anchor, head), head: position(head, anchor) };
}

/** Null where the positions are of no text that we have (yet), or are no positions at all. */
export function fromRelative(text: Y.Text, selection: RelativeSelection): OffsetSelection | null {
  const absolute = (position: unknown): number | null => {
    if (text.doc === null || typeof position !== 'object' || position === null) return null;
    try {
      const found = Y.createAbsolutePositionFromRelativePosition(
        Y.createRelativePositionFromJSON(position),
        text.doc,
      );
      return found?.type === text && found.index >= 0 && found.index <= text.length ? found.index : null;
    } catch {
      return null; // sent by somebody else's program
    }
  };
  const [anchor, head] = [absolute(selection.anchor), absolute(selection.head)];
  return anchor === null || head === null ? null : { anchor, head };
}

export interface SelectionTracker extends Disposable {
  /** All selections as they were before the edit that is being taken up now. */
  beforeEdit(): readonly RelativeSelection[];
  /** All selections now. */
  current(): readonly RelativeSelection[];
  restore(selections: readonly OffsetSelection[]): void;
  /**
   * Called when selections have moved and the text is level with the model, so after content events. The
   * second argument tells whether an edit of this person moved them.
   */
  onMoved(listener: (selections: readonly RelativeSelection[], causedByEdit: boolean) => void): void;
}

/** Follows the selections of one editor, all of them. */
export function trackSelections(
  text: Y.Text,
  one: editor.ICodeEditor,
  binding: TextBinding,
): SelectionTracker {
  const disposables = new Disposables();
  const listeners: ((selections: readonly RelativeSelection[], causedByEdit: boolean) => void)[] = [];
  let now: readonly RelativeSelection[] = [];
  let edited = false;

  const read = (): readonly RelativeSelection[] => {
    const model = one.getModel();
    if (model === null || model.getValueLength() !== text.length) return now; // a content event is on its way
    return (one.getSelections() ?? []).map((selection) => toRelative(text, offsetsOf(model, selection)));
  };
  const onCursor = (event: editor.ICursorSelectionChangedEvent): void => {
    now = read();
    // Other people's edits move offsets, not positions relative to the text.
    if (event.source === REMOTE || event.source === 'model') return;
    const causedByEdit = edited;
    edited = false;
    for (const listener of listeners) listener(now, causedByEdit);
  };
  now = read();
  disposables.add(one.onDidChangeCursorSelection(onCursor));
  // The text has taken the edit up, the carets have not moved yet (they do before this turn ends).
  binding.onLocal(() => {
    edited = true;
    queueMicrotask(() => {
      edited = false;
    });
  });
  return {
    beforeEdit: () => now,
    current: () => read(),
    restore(selections) {
      const model = one.getModel();
      if (model === null || selections.length === 0) return;
      one.setSelections(
        selections.map((one) => selectionAt(model, one)),
        'anneal.undo',
      );
      const [first] = selections;
      if (first !== undefined) one.revealPositionInCenterIfOutsideViewport(model.getPositionAt(first.head));
    },
    onMoved: (listener) => void listeners.push(listener),
    dispose: () => disposables.dispose(),
  };
}
