import type { editor, ISelection, Selection } from 'monaco-editor/editor';

/** Both ends of a selection, in UTF-16 units; a caret where they are equal. */
export interface OffsetSelection {
  readonly anchor: number;
  readonly head: number;
}

export function offsetsOf(model: editor.ITextModel, selection: Selection): OffsetSelection {
  const { selectionStartLineNumber, selectionStartColumn, positionLineNumber, positionColumn } = selection;
  return {
    anchor: model.getOffsetAt({ lineNumber: selectionStartLineNumber, column: selectionStartColumn }),
    head: model.getOffsetAt({ lineNumber: positionLineNumber, column: positionColumn }),
  };
}

export function selectionAt(model: editor.ITextModel, { anchor, head }: OffsetSelection): ISelection {
  const from = model.getPositionAt(anchor);
  const to = model.getPositionAt(head);
  return {
    selectionStartLineNumber: from.lineNumber,
    selectionStartColumn: from.column,
    positionLineNumber: to.lineNumber,
    positionColumn: to.column,
  };
}
