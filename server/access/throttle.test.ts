import { expect, test } from 'vitest';
import { type Allowance, Throttle } from './throttle.ts';

function world() {
  let ms = 0;
  const throttle = new Throttle({ now: () => ms, elapsed: () => ms });
  const keys = (...names: string[]): Map<string, Allowance> =>
    new Map(names.map((name) => [name, { burst: 3, everyMs: 1000 }]));
  return { throttle, keys, pass: (milliseconds: number) => (ms += milliseconds) };
}

test('a burst, then one each second, and the answer says how long', () => {
  const { throttle, keys, pass } = world();
  for (let i = 0; i < 3; i++) throttle.take(keys('a'));
  expect(() => throttle.take(keys('a'))).toThrow('try again in 1 s');
  throttle.take(keys('b'));
  pass(999);
  expect(() => throttle.take(keys('a'))).toThrow('Too many attempts');
  pass(1);
  throttle.take(keys('a'));
  expect(() => throttle.take(keys('a'))).toThrow('Too many attempts');
  pass(60_000);
  for (let i = 0; i < 3; i++) throttle.take(keys('a'));
  expect(() => throttle.take(keys('a'))).toThrow('Too many attempts');
});

test('what succeeded costs nothing', () => {
  const { throttle, keys } = world();
  for (let i = 0; i < 20; i++) {
    throttle.take(keys('a'));
    throttle.giveBack(keys('a'));
  }
  for (let i = 0; i < 3; i++) throttle.take(keys('a'));
  expect(() => throttle.take(keys('a'))).toThrow('Too many attempts');
});

test('where one key has none left, the others lose nothing', () => {
  const { throttle, keys } = world();
  for (let i = 0; i < 3; i++) throttle.take(keys('a'));
  for (let i = 0; i < 5; i++) expect(() => throttle.take(keys('a', 'b'))).toThrow('Too many attempts');
  for (let i = 0; i < 3; i++) throttle.take(keys('b'));
});

test('a hundred thousand names do not fill the memory, and do not free whoever guesses now', () => {
  const { throttle, keys, pass } = world();
  for (let i = 0; i < 100_000; i++) throttle.take(keys(`name ${i}`));
  pass(1);
  for (let i = 0; i < 3; i++) throttle.take(keys('last'));
  expect(() => throttle.take(keys('last'))).toThrow('Too many attempts');
  expect(throttle.size).toBeLessThanOrEqual(20_000);
});

test('whoever was guessed at most is remembered, however many other names are tried meanwhile', () => {
  const { throttle, keys } = world();
  for (let i = 0; i < 3; i++) throttle.take(keys('victim'));
  for (let i = 0; i < 100_000; i++) throttle.take(keys(`name ${i}`));
  expect(() => throttle.take(keys('victim'))).toThrow('Too many attempts');
});

test('attempts at another server count here, and those here there', () => {
  const here = world();
  const there = world();
  here.throttle.onChange = (keys, change) => there.throttle.hear(keys, change);
  there.throttle.onChange = (keys, change) => here.throttle.hear(keys, change);
  here.throttle.take(here.keys('a'));
  there.throttle.take(there.keys('a'));
  here.throttle.take(here.keys('a'));
  expect(() => there.throttle.take(there.keys('a'))).toThrow('Too many attempts');
  here.throttle.giveBack(here.keys('a'));
  there.throttle.take(there.keys('a'));
  expect(() => here.throttle.take(here.keys('a'))).toThrow('Too many attempts');
});
