import type { OpenEditor } from '../text-editor.tsx';

/** What is selected, as offsets; with only a caret the words of its line. */
export function selectedPlace({ editor, model }: OpenEditor): {
  readonly start: number;
  readonly end: number;
} {
  const selection = editor.getSelection();
  if (selection === null) return { start: 0, end: 0 };
  if (!selection.isEmpty()) {
    return {
      start: model.getOffsetAt(selection.getStartPosition()),
      end: model.getOffsetAt(selection.getEndPosition()),
    };
  }
  const { lineNumber } = selection.getPosition();
  const line = model.getLineContent(lineNumber);
  const start = model.getOffsetAt({ lineNumber, column: 1 });
  return { start: start + line.length - line.trimStart().length, end: start + line.trimEnd().length };
}

/** Selects a place and brings it into view. */
export function showPlace(
  { editor, model }: OpenEditor,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  const [from, to] = [model.getPositionAt(start), model.getPositionAt(end)];
  const range = {
    startLineNumber: from.lineNumber,
    startColumn: from.column,
    endLineNumber: to.lineNumber,
    endColumn: to.column,
  };
  editor.setSelection(range);
  editor.revealRangeInCenterIfOutsideViewport(range);
  editor.focus();
}
