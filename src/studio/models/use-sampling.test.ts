import { expect, test } from 'vitest';
import { type Answer, heard } from './use-sampling.ts';

const asked: readonly Answer[] = ['one', 'two'].map((prompt) => ({ prompt, text: '', outcome: null }));

test('texts of prompts that are written side by side come in turns, and each finds its own', () => {
  let answers = asked;
  for (const [prompt, text] of [
    [0, 'a'],
    [1, 'x'],
    [0, 'b'],
  ] as const)
    answers = heard(answers, { type: 'text', prompt, text });
  expect(answers.map(({ text }) => text)).toEqual(['ab', 'x']);
});

test('one that has ended says so while the other is still written; an error keeps what there was', () => {
  const outcome = {
    ok: true,
    text: 'abc',
    tokens: 3,
    ended: 'stop',
    dropped: 0,
    tokens_per_second: 9,
  } as const;
  const [first, second] = heard(asked, { type: 'ended', prompt: 0, outcome });
  expect(first).toEqual({ prompt: 'one', text: 'abc', outcome });
  expect(second).toBe(asked[1]);
  const error = { code: 'ANN-RUN-016', message: 'unknown', fix: 'write others' } as const;
  const half = heard(asked, { type: 'text', prompt: 1, text: 'so far' });
  expect(heard(half, { type: 'ended', prompt: 1, outcome: { ok: false, error } })[1]).toEqual({
    prompt: 'two',
    text: 'so far',
    outcome: { ok: false, error },
  });
});
