import type { IRange } from 'monaco-editor/editor';
import type { Position, Range, TextEdit } from '../../../domain/preflight/report.ts';

/** Ours count from 0, Monaco's from 1; both in UTF-16 units. */
export function toMonacoRange({ start, end }: Range): IRange {
  return {
    startLineNumber: start.line + 1,
    startColumn: start.character + 1,
    endLineNumber: end.line + 1,
    endColumn: end.character + 1,
  };
}

export function fromMonacoPosition(position: {
  readonly lineNumber: number;
  readonly column: number;
}): Position {
  return { line: position.lineNumber - 1, character: position.column - 1 };
}

export function toMonacoEdit({ range, newText }: TextEdit): { range: IRange; text: string } {
  return { range: toMonacoRange(range), text: newText };
}
