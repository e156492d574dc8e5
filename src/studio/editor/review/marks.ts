import type * as Monaco from 'monaco-editor/editor';
import type { Anchored, ReviewState } from './use-review.ts';

/** Where in the text something is said; offsets as they are now. */
export interface Mark {
  readonly id: string;
  readonly kind: 'thread' | 'suggestion';
  readonly start: number;
  readonly end: number;
  /** What the pointer is told. */
  readonly says: string;
}

export function marksOf(
  { threads, suggestions }: ReviewState,
  placeOf: (anchor: Anchored) => Pick<Mark, 'start' | 'end'> | null,
): readonly Mark[] {
  const marks: Mark[] = [];
  for (const { id, anchor, resolved, comments } of threads) {
    const place = anchor === null || resolved !== null ? null : placeOf(anchor);
    const [first] = comments;
    if (place !== null && first !== undefined)
      marks.push({ id, kind: 'thread', ...place, says: `${first.by.name} commented` });
  }
  for (const { id, edits, decision, by, title } of suggestions) {
    if (decision !== null) continue;
    for (const edit of edits) {
      const place = placeOf(edit);
      if (place !== null)
        marks.push({ id, kind: 'suggestion', ...place, says: `${by.name} suggests: ${title}` });
    }
  }
  return marks;
}

/**
 * Shows the marks; Monaco moves them with edits. What stands where is asked for again when the text has changed:
 * words that a mark belongs to may have come only now, or be there again. Clicks on marks in the gutter are told.
 */
export function showMarks(
  monaco: typeof Monaco,
  editor: Monaco.editor.ICodeEditor,
  find: () => readonly Mark[],
  onClick: (mark: Mark) => void,
): { dispose(): void } {
  const model = editor.getModel();
  if (model === null) return { dispose: () => undefined };
  const shown = editor.createDecorationsCollection();
  let marks: readonly Mark[] = [];
  const show = (): void => {
    const next = find();
    if (next.length === 0 && marks.length === 0) return;
    marks = next;
    shown.set(
      marks.map(({ kind, start, end, says }) => ({
        range: monaco.Range.fromPositions(model.getPositionAt(start), model.getPositionAt(end)),
        options: {
          className: `${kind}-range`,
          glyphMarginClassName: `review-mark ${kind}-mark`,
          glyphMarginHoverMessage: { value: plain(says) },
          stickiness: monaco.editor.TrackedRangeStickiness.NeverGrowsWhenTypingAtEdges,
        },
      })),
    );
  };
  show();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const changes = model.onDidChangeContent(() => {
    clearTimeout(timer);
    timer = setTimeout(show, FOUND_AFTER_MS);
  });
  const clicks = editor.onMouseDown(({ target }) => {
    if (target.type !== monaco.editor.MouseTargetType.GUTTER_GLYPH_MARGIN) return;
    const line = target.position.lineNumber;
    const index = shown.getRanges().findIndex(({ startLineNumber }) => startLineNumber === line);
    const mark = marks[index];
    if (mark !== undefined) onClick(mark);
  });
  return {
    dispose() {
      clearTimeout(timer);
      changes.dispose();
      clicks.dispose();
      shown.clear();
    },
  };
}

/** While somebody types, Monaco moves them well enough. */
const FOUND_AFTER_MS = 300;

/** So that what people wrote is not read as Markdown. */
export function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!<>|~&]/g, '\\$&');
}
