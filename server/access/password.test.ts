import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { argon2id, argon2OfWorker } from './argon2.ts';
import { hashPassword, verifyPassword } from './password.ts';

test('a password is known again, and no other is', async () => {
  const hash = await hashPassword('correct horse battery staple');
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(await verifyPassword('correct horse battery staple', hash)).toBe(true);
  expect(await verifyPassword('correct horse battery stapler', hash)).toBe(false);
  expect(await verifyPassword('', hash)).toBe(false);
  expect(await hashPassword('correct horse battery staple')).not.toBe(hash);
});

test('the same characters, composed in another way, are the same password', async () => {
  const hash = await hashPassword('caf\u00e9 au lait, deux fois');
  expect(await verifyPassword('cafe\u0301 au lait, deux fois', hash)).toBe(true);
});

test('without a hash the answer is no, whatever was typed', async () => {
  expect(await verifyPassword('', null)).toBe(false);
  expect(await verifyPassword('anything', 'no hash at all')).toBe(false);
});

test('a hash that was made at another cost can be read', async () => {
  const salt = Buffer.from('somesalt');
  const input = {
    password: Buffer.from('password'),
    salt,
    memory: 64,
    passes: 3,
    parallelism: 1,
    tagBytes: 32,
  };
  const tag = Buffer.from(await argon2id(input))
    .toString('base64')
    .replace(/=+$/, '');
  const hash = `$argon2id$v=19$m=64,t=3,p=1$${salt.toString('base64').replace(/=+$/, '')}$${tag}`;
  expect(await verifyPassword('password', hash)).toBe(true);
  expect(await verifyPassword('passwort', hash)).toBe(false);
});

test('the thread for older versions of Node computes the same', async () => {
  const input = {
    password: randomBytes(20),
    salt: randomBytes(16),
    memory: 256,
    passes: 2,
    parallelism: 1,
    tagBytes: 32,
  };
  const [ours, theirs] = await Promise.all([argon2OfWorker(input), argon2id(input)]);
  expect(Buffer.from(ours).toString('hex')).toBe(Buffer.from(theirs).toString('hex'));
});
