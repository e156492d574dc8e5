import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pathProblem } from './names.ts';
import { isFinalClose, parseSyncPath, readFileEntry, sanitiseText, syncPath } from './sync.ts';

test('every path that a file may have has an address that leads back to it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (text) => {
      const path = text.normalize('NFC');
      if (pathProblem(path) !== null) return;
      expect(parseSyncPath(syncPath('sample', path))).toEqual({ project: 'sample', path });
      const partByPart = path.split('/').map(encodeURIComponent).join('/');
      expect(parseSyncPath(`/sync/sample/${partByPart}?x=1`)).toEqual({ project: 'sample', path });
    }),
  );
});

test('no address at all leads out of a project', () => {
  const part = fc.constantFrom(
    '..',
    '.',
    '',
    '%2e%2e',
    '%2F',
    '\\',
    'a',
    '%00',
    '.project',
    '%',
    '\u0000',
    'b.yaml',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const address = parseSyncPath(`/sync/sample/${parts.join('/')}`);
      if (address === null || address.path === '.project') return;
      expect(address.path.split('/').every((name) => !['', '.', '..'].includes(name))).toBe(true);
      expect(address.path).not.toMatch(/[\\\0]/);
    }),
  );
});

test.each([
  ['data.txt', null],
  ['a/b c/ä.md', null],
  ['', /empty/],
  ['/etc/passwd', /relative/],
  ['a//b', /empty part/],
  ['a/../b', /\.\./],
  ['a\\b', /backslash/],
  ['a\u0007', /control/],
  ['.project', /reserved/],
  ['a\u0308', /form C/],
  ['\ud800', /form C/],
  [' a', /space/],
  ['x'.repeat(600), /at most/],
])('%j as a path', (path, problem) => {
  if (problem === null) expect(pathProblem(path)).toBeNull();
  else expect(pathProblem(path)).toMatch(problem);
});

test('what is shared has line feeds only, is well-formed, and stays as it is when it is cleaned again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const clean = sanitiseText(`${text}\r\n\0\ud800\r`);
      expect(clean).not.toMatch(/[\r\0]/);
      expect(clean.isWellFormed()).toBe(true);
      expect(sanitiseText(clean)).toBe(clean.replace(/^\uFEFF/, ''));
    }),
  );
});

test('entries are read strictly, since any editor may write there', () => {
  expect(readFileEntry('a.md', { kind: 'text', created: 1, extra: true })).toEqual({
    kind: 'text',
    created: 1,
  });
  expect(readFileEntry('../a', { kind: 'text', created: 1 })).toBeNull();
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const entry = readFileEntry('a.md', value);
      if (entry !== null) expect(['text', 'artifact']).toContain(entry.kind);
    }),
  );
});

test('which ends of a connection are final', () => {
  expect([1000, 1006, 1012, 4399, 4500, 4501].filter(isFinalClose)).toEqual([]);
  expect([1009, 4400, 4404, 4499].every(isFinalClose)).toBe(true);
});
