import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mentioned, saidParts, saidPlainly, withMentions } from './mentions.ts';

const ann = { id: 'u1', name: 'Ann' };
const anna = { id: 'u2', name: 'Anna Berg' };

test('a name behind an @ becomes a mention: the longest that fits, and only whole words', () => {
  expect(withMentions('@Anna Berg, and @ann!', [ann, anna])).toBe('@[Anna Berg](u2), and @[Ann](u1)!');
  expect(withMentions('@Annabel and me@Ann', [ann, anna])).toBe('@Annabel and me@Ann');
  expect(mentioned('@[Ann](u1) @[Anna Berg](u2) @[Ann](u1)')).toEqual(['u1', 'u2']);
});

test('what is no mention stays text', () => {
  for (const text of ['@', '@[Ann]', '@[Ann](u 1)', '@[](u1)', 'a@[b', '@[Ann\n](u1)']) {
    expect(saidParts(text)).toEqual([{ kind: 'text', text }]);
    expect(mentioned(text)).toEqual([]);
  }
  expect(mentioned('@[@[Ann](u1)')).toEqual(['u1']); // a bracket that was typed before is none of it
  expect(saidParts('')).toEqual([]);
});

test('making mentions changes nothing of what people read, and doing it twice changes nothing more', () => {
  const said = fc.array(
    fc.constantFrom('@', 'Ann', ' ', 'Anna Berg', '[', ']', '(u1)', 'x', '@[Ann](u1)', '\n'),
  );
  fc.assert(
    fc.property(said, (parts) => {
      const text = parts.join('');
      const once = withMentions(text, [ann, anna]);
      expect(saidPlainly(once).toLowerCase()).toBe(saidPlainly(text).toLowerCase());
      expect(withMentions(once, [ann, anna])).toBe(once);
    }),
  );
});
