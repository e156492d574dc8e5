import { expect, test } from 'vitest';
import { authorWords, escapeHtml, gutterNames } from './blame.ts';
import { plain } from './marks.ts';

const ada = { id: 'a', name: 'Ada Lovelace', colour: 1 };
const bob = { id: 'b', name: 'Bartholomewson', colour: 2 };

test('a name stands where the author changes, and only the first author of a line counts', () => {
  expect(gutterNames([[ada], [ada, bob], [], [bob], [null], [bob]])).toEqual([
    'Ada',
    '',
    '',
    'Bartholomew…',
    '',
    'Bartholomew…',
  ]);
  expect(authorWords([ada, null])).toBe('Ada Lovelace, before it was noted');
});

test('names are text, whatever is in them', () => {
  expect(escapeHtml('<img src=x onerror="alert(1)">&\'')).toBe(
    '&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;',
  );
  expect(plain('![x](http://a) *b*')).toBe('\\!\\[x\\]\\(http://a\\) \\*b\\*');
});
