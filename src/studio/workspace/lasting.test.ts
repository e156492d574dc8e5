import { expect, test } from 'vitest';
import { expiryWords, lastingChoices, lastingOf } from './lasting.ts';

const HOUR = 3600_000;

test('what is left is said in whole units', () => {
  const now = 1_000_000;
  expect(expiryWords(null, now)).toBe('until revoked');
  expect(expiryWords(now, now)).toBe('has run out');
  expect(expiryWords(now + 30_000, now)).toBe('1 minute left');
  expect(expiryWords(now + 58.6 * 60_000, now)).toBe('59 minutes left');
  expect(expiryWords(now + HOUR, now)).toBe('1 hour left');
  expect(expiryWords(now + 46.9 * HOUR, now)).toBe('47 hours left');
  expect(expiryWords(now + 30 * 24 * HOUR - 20_000, now)).toBe('30 days left'); // made a moment ago
});

test('every choice is one that the server takes', () => {
  const lasting = lastingChoices.map(({ value }) => lastingOf(value));
  expect(lasting.at(-1)).toBe(null);
  for (const one of lasting.slice(0, -1)) expect(one).toBeGreaterThanOrEqual(60_000);
  expect(Math.max(...lasting.map((one) => one ?? 0))).toBe(365 * 24 * HOUR);
});
