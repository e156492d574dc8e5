import { expect, test } from 'vitest';
import { storageFailure } from './failure.ts';

const quota = new DOMException('full', 'QuotaExceededError');

test('no room says how much is left, unless as much as was needed would be', () => {
  expect(storageFailure(quota, 'run/a', 5_123_456, 30_000).message).toBe(
    'There is no room for the 5.12 MB of run/a; 30 kB are left.',
  );
  expect(storageFailure(quota, 'run/a', 50, 60)).toMatchObject({
    code: 'ANN-STO-001',
    message: 'There is no room for the 50 bytes of run/a.',
    data: { needed: 50, free: 60 },
  });
});
