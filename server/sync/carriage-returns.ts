import type * as Y from 'yjs';

/** So many are taken out one by one, which keeps the carets between them. */
const FEW = 200;

/**
 * CRLF and a lone CR both become one LF. Each deletion splits what was inserted, and with tens of thousands of
 * pieces Yjs takes minutes: many go at once, with the text between the first and the last, which is hardly
 * anything but what was just pasted.
 */
export function removeCarriageReturns(text: Y.Text): void {
  const content = text.toString();
  const found = [...content.matchAll(/\r\n?/g)];
  const [first, last] = [found[0], found.at(-1)];
  if (first === undefined || last === undefined) return;
  if (found.length > FEW) {
    const part = content.slice(first.index, last.index + last[0].length);
    text.delete(first.index, part.length);
    text.insert(first.index, part.replace(/\r\n?/g, '\n'));
    return;
  }
  for (const { index, 0: ending } of found.reverse()) {
    text.delete(index, 1);
    if (ending === '\r') text.insert(index, '\n');
  }
}
