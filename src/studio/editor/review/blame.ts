import type * as Monaco from 'monaco-editor/editor';
import type { Services } from '../../app/services.ts';
import { plain } from './marks.ts';

export type LineAuthors = ReturnType<Services['documents']['review']['blame']>;

const MAX_NAME = 12;

/** Shows in the gutter who wrote each line, whoever wrote most of it first; a name stands where it changes. */
export function showBlame(
  monaco: typeof Monaco,
  editor: Monaco.editor.ICodeEditor,
  lines: LineAuthors,
): { dispose(): void } {
  const names = gutterNames(lines);
  const width = Math.max(0, ...names.map((name) => name.length));
  editor.updateOptions({
    // Monaco takes what this returns as HTML.
    lineNumbers: (line) => `${escapeHtml(names[line - 1] ?? '')} ${line}`.trim(),
    lineNumbersMinChars: 4 + width,
  });
  const shown = editor.createDecorationsCollection(
    lines.flatMap((authors, index) => {
      if (authors.length === 0) return [];
      const colour = authors[0]?.colour;
      return [
        {
          range: new monaco.Range(index + 1, 1, index + 1, 1),
          options: {
            lineNumberClassName: colour === undefined ? 'blamed' : `blamed person-${colour}`,
            lineNumberHoverMessage: { value: plain(`Written by ${authorWords(authors)}`) },
          },
        },
      ];
    }),
  );
  return {
    dispose() {
      shown.clear();
      editor.updateOptions({ lineNumbers: 'on', lineNumbersMinChars: 3 });
    },
  };
}

const UNKNOWN = 'before it was noted';

export function authorWords(authors: LineAuthors[number]): string {
  return authors.map((author) => author?.name ?? UNKNOWN).join(', ');
}

/** For each line what stands in the gutter: nothing where the line before has the same first author. */
export function gutterNames(lines: LineAuthors): readonly string[] {
  let before: string | null = null;
  return lines.map((authors) => {
    const author = authors[0] ?? null;
    if (authors.length === 0 || author?.id === before) return '';
    before = author?.id ?? null;
    return author === null ? '' : shortName(author.name);
  });
}

function shortName(name: string): string {
  const characters = [...(name.trim().split(/\s+/)[0] ?? '')];
  return characters.length <= MAX_NAME
    ? characters.join('')
    : `${characters.slice(0, MAX_NAME - 1).join('')}…`;
}

export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
