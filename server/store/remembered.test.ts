import { expect, test } from 'vitest';
import { Remembered } from './remembered.ts';

function asked(answers: (string | null | Error)[]) {
  let now = 0;
  let questions = 0;
  const remembered = new Remembered<string>(
    async () => {
      const answer = answers[questions++] ?? null;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    { elapsed: () => now },
    1_000,
  );
  return {
    remembered,
    questions: () => questions,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test('an answer is asked for once in its time, also by those who ask meanwhile, and anew when it has changed', async () => {
  const { remembered, questions, pass } = asked(['a', 'b', 'c']);
  expect(await Promise.all([remembered.get('x'), remembered.get('x')])).toEqual(['a', 'a']);
  pass(999);
  expect(await remembered.get('x')).toBe('a');
  expect(questions()).toBe(1);
  pass(1);
  expect(await remembered.get('x')).toBe('b');
  remembered.forget('x');
  expect(await remembered.get('x')).toBe('c');
});

test('what is not there, or could not be asked, is asked for again', async () => {
  const { remembered } = asked([null, new Error('no store'), 'here']);
  expect(await remembered.get('x')).toBeNull();
  await expect(remembered.get('x')).rejects.toThrow('no store');
  expect(await remembered.get('x')).toBe('here');
});
