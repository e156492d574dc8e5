import type { editor } from 'monaco-editor/editor';
import { offsetsOf, selectionAt } from './offset-selection.ts';
import { mapOffset, type Replacement } from './offsets.ts';

/**
 * Remembers where an editor's carets and view are before somebody else's edit; the function returned puts
 * them back: selections on the same characters, and the line at the top still at the top.
 */
export function keepView(
  one: editor.ICodeEditor,
  model: editor.ITextModel,
  replacements: readonly Replacement[],
): () => void {
  if (one.getModel() !== model) return () => undefined;
  const selections = (one.getSelections() ?? []).map((selection) => {
    const { anchor, head } = offsetsOf(model, selection);
    // A caret stays before what is inserted at it; a selection does not grow by what is inserted at its ends.
    return {
      anchor: mapOffset(replacements, anchor, anchor < head ? 'right' : 'left'),
      head: mapOffset(replacements, head, head < anchor ? 'right' : 'left'),
    };
  });
  const top = topOffset(one, model);
  return () => {
    const wanted = selections.map((one) => selectionAt(model, one));
    if (wanted.length > 0 && !sameSelections(one.getSelections() ?? [], wanted))
      one.setSelections(wanted, REMOTE);
    if (top === null) return;
    const line = model.getPositionAt(mapOffset(replacements, top.offset, 'right')).lineNumber;
    const wantedTop = one.getTopForLineNumber(line) + top.delta;
    if (Math.abs(wantedTop - one.getScrollTop()) > 0.5) one.setScrollTop(wantedTop, IMMEDIATE);
  };
}

/** Source of selection changes that follow from other people's edits. */
export const REMOTE = 'anneal.remote';
/** editor.ScrollType.Immediate: types only here. */
const IMMEDIATE: editor.ScrollType.Immediate = 1;

/** The line at the top, and how far it is scrolled; null at the very top, where one sees what comes in. */
function topOffset(
  one: editor.ICodeEditor,
  model: editor.ITextModel,
): { offset: number; delta: number } | null {
  const scrollTop = one.getScrollTop();
  const [visible] = one.getVisibleRanges();
  if (scrollTop <= 0 || visible === undefined) return null;
  const lineNumber = visible.startLineNumber;
  return {
    offset: model.getOffsetAt({ lineNumber, column: 1 }),
    delta: scrollTop - one.getTopForLineNumber(lineNumber),
  };
}

interface PlainSelection {
  readonly selectionStartLineNumber: number;
  readonly selectionStartColumn: number;
  readonly positionLineNumber: number;
  readonly positionColumn: number;
}

function sameSelections(a: readonly PlainSelection[], b: readonly PlainSelection[]): boolean {
  return (
    a.length === b.length &&
    a.every((x, index) => {
      const y = b[index];
      return (
        y !== undefined &&
        x.selectionStartLineNumber === y.selectionStartLineNumber &&
        x.selectionStartColumn === y.selectionStartColumn &&
        x.positionLineNumber === y.positionLineNumber &&
        x.positionColumn === y.positionColumn
      );
    })
  );
}
