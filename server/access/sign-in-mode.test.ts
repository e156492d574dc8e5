import { expect, test } from 'vitest';
import { signInMode } from './sign-in-mode.ts';

const on = 'https://anneal.example.org';

test.each<[string, string | null, string | undefined, 'on' | 'off' | 'refused']>([
  ['127.0.0.1', null, undefined, 'off'],
  ['localhost', null, '', 'off'],
  ['::1', null, undefined, 'off'],
  ['127.0.0.1', 'http://localhost:8080', undefined, 'off'],
  ['127.0.0.1', null, 'on', 'on'],
  ['0.0.0.0', null, undefined, 'on'],
  ['::', null, undefined, 'on'],
  ['192.168.1.7', null, 'on', 'on'],
  ['anneal.lan', null, undefined, 'on'],
  ['127.0.0.1.example.org', null, undefined, 'on'],
  ['127.0.0.1', on, undefined, 'on'],
  ['127.0.0.1', on, 'off', 'off'],
  ['0.0.0.0', null, 'off', 'refused'],
  ['127.0.0.1', null, 'yes', 'refused'],
])('bound to %s, published at %s, ANNEAL_AUTH=%s: %s', (host, publicUrl, wish, expected) => {
  const mode = () => signInMode({ host, publicUrl, wish });
  if (expected === 'refused') expect(mode).toThrow();
  else expect(mode()).toBe(expected);
});
