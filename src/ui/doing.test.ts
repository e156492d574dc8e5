import { expect, test } from 'vitest';
import { secondsLeft } from './doing.tsx';

test('time left follows from the pace since it was first seen', () => {
  expect(secondsLeft(10, 0, 0.25)).toBe(30);
  expect(secondsLeft(10, 0.5, 0.75)).toBe(10);
});

test('is not guessed from nothing, and says nothing at the end', () => {
  expect(secondsLeft(0.2, 0, 0.1)).toBeNull();
  expect(secondsLeft(30, 0.4, 0.4)).toBeNull();
  expect(secondsLeft(30, 0, 0.99)).toBeNull();
});
