import { expect, test } from 'vitest';
import { nextTurn } from './use-one-by-one.ts';

test('goes round, also while all entries keep changing', () => {
  let shown: readonly (number | undefined)[] = [];
  let last = -1;
  const order: number[] = [];
  for (let time = 0; time < 6; time++) {
    const entries = [time * 10, time * 10 + 1, time * 10 + 2];
    const turn = nextTurn(entries, shown, last);
    if (turn === null) break;
    order.push(turn);
    shown = entries.map((entry, i) => (i === turn ? entry : shown[i]));
    last = turn;
  }
  expect(order).toEqual([0, 1, 2, 0, 1, 2]);
});

test('rests when everything is shown, and has nothing to do with an empty list', () => {
  expect(nextTurn(['a', 'b'], ['a', 'b'], 0)).toBeNull();
  expect(nextTurn([], [], -1)).toBeNull();
});
