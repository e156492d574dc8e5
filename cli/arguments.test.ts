import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { deviceOption, parse, UsageError, wholeOption, withUsage } from './arguments.ts';

const options = { json: { type: 'boolean' }, steps: { type: 'string' } } as const;

test('one argument, and the options that there are', () => {
  expect(parse(['a.yaml', '--steps', '3', '--json'], options, 'FILE')).toMatchObject({
    positional: 'a.yaml',
    values: { steps: '3', json: true },
  });
  for (const wrong of [[], ['a', 'b'], ['a', '--stepz', '3'], ['a', '--steps'], ['a', '--json=1']]) {
    expect(() => parse(wrong, options, 'FILE')).toThrow(UsageError);
  }
});

test('devices and whole numbers', () => {
  expect([deviceOption(undefined), deviceOption('auto'), deviceOption('tfjs-wasm')]).toEqual([
    null,
    'auto',
    'tfjs-wasm',
  ]);
  expect(() => deviceOption('cuda')).toThrow('There is no device "cuda"');
  expect([wholeOption('--steps', undefined, 1), wholeOption('--steps', '20', 1)]).toEqual([null, 20]);
  for (const wrong of ['0', '-1', '1.5', '1e3', '', 'ten', '99999999999999999999']) {
    expect(() => wholeOption('--steps', wrong, 1)).toThrow(UsageError);
  }
});

test('a usage error is told with the usage and exit code 2; others pass', async () => {
  const stderr = new PassThrough();
  const io = { stdout: new PassThrough(), stderr };
  expect(await withUsage(io, 'train FILE', () => Promise.reject(new UsageError('FILE is missing.')))).toBe(2);
  expect(String(stderr.read())).toBe('FILE is missing.\nUsage: anneal train FILE\n');
  await expect(withUsage(io, '', () => Promise.reject(new Error('other')))).rejects.toThrow('other');
});
