import { expect, test } from 'vitest';
import { cookieName, cookieText, readCookie } from './cookies.ts';

test('a cookie is for the server alone, and over TLS for nothing else', () => {
  const cookie = { name: cookieName('user', false), value: 'x', seconds: 60 };
  expect(cookieText(cookie, false)).toBe('anneal_user=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict');
  expect(cookieText({ ...cookie, name: cookieName('user', true) }, true)).toBe(
    '__Host-anneal_user=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure',
  );
});

test('that of a sign-in elsewhere is bound to the server too', () => {
  const cookie = { name: cookieName('oidc', true), value: 'x', seconds: 600, sameSite: 'Lax' } as const;
  expect(cookieText(cookie, true)).toBe(
    '__Host-anneal_oidc=x; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure',
  );
});

test.each<[string | undefined, string | null]>([
  [undefined, null],
  ['', null],
  ['a=1', null],
  ['a=1; wanted=2', '2'],
  ['wanted=2;a=1', '2'],
  ['wanted=a=b', 'a=b'],
  ['unwanted=1; wanted =2', '2'],
  ['wanted=first; wanted=second', 'first'],
  ['wanted', ''],
])('in the header %j it is %j', (header, value) => {
  expect(readCookie(header, 'wanted')).toBe(value);
});
