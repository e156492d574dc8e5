import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEdits } from '../../src/domain/config/edit.ts';
import { SAMPLE } from '../../src/domain/config/testing/configs.ts';
import { preflight } from '../../src/domain/preflight/preflight.ts';
import { NO_PROFILES } from '../../src/domain/preflight/report.ts';
import { run } from './validate.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anneal-validate-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function validate(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const streams = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(chunk, _, done) {
        streams[name] += String(chunk);
        done();
      },
    });
  const code = await run(args, { stdout: into('stdout'), stderr: into('stderr') });
  return { code, ...streams };
}

describe('validate', () => {
  it('prints diagnostics and estimate as JSON, and the editor says the same', async () => {
    const text = SAMPLE.replace('n_embd: 128', 'n_embd: 130');
    const { code, stdout } = await validate(await file('bad.yaml', text), '--json');
    expect(code).toBe(1);
    const { diagnostics, estimate, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({});
    const report = preflight(text, NO_PROFILES);
    expect(estimate).toEqual(report.estimate);
    expect(diagnostics).toEqual(report.diagnostics.map(({ because: _, ...diagnostic }) => diagnostic));
    expect(Object.keys(diagnostics[0])).toEqual(['code', 'severity', 'message', 'range', 'fixes']);
    expect(diagnostics[0].range).toEqual({
      start: { line: 8, character: 10 },
      end: { line: 8, character: 13 },
    });
    const fixed = await validate(
      await file('fixed.yaml', applyEdits(text, diagnostics[0].fixes[0].edits)),
      '--json',
    );
    expect(fixed.code).toBe(0);
    expect(JSON.parse(fixed.stdout).estimate.parameters).toBe(867_072);
  });

  it('shows people the place, the reason and the fixes', async () => {
    const path = await file('people.yaml', SAMPLE.replace('seed: 1337', 'sede: 1337'));
    const { code, stdout } = await validate(path);
    expect(code).toBe(1);
    expect(stdout).toContain(`people.yaml:19:3`);
    expect(stdout).toContain('19 |   sede: 1337\n     |   ^^^^\n  fix: Use seed\n');
    expect(stdout).toContain('867,072');
    expect(stdout).toContain('1 error.');
  });

  it('takes the vocabulary from the data: --data, or the source where it lies', async () => {
    const text = SAMPLE.replace('source: stories ', 'source: texts/abc.txt ').replace(
      '{ type: bpe, vocab_size: 512 }',
      '{ type: char }',
    );
    const path = await file('char.yaml', text);
    const without = await validate(path, '--json');
    expect(JSON.parse(without.stdout).estimate.parameters).toBeNull();
    expect((await validate(path)).stdout).toContain('--data PATH');
    await mkdir(join(folder, 'texts'), { recursive: true });
    await file('texts/abc.txt', 'abc\n'.repeat(20_000));
    const parameters = 867_072 - (512 - 4) * 128;
    expect(JSON.parse((await validate(path, '--json')).stdout).estimate.parameters).toBe(parameters);
    const other = await file('xyz.txt', 'xyz!\n'.repeat(20_000));
    const named = await validate(path, '--data', other, '--json');
    expect(JSON.parse(named.stdout).estimate.parameters).toBe(parameters + 128);
  });

  it('trains the tokenizer on --data, so that its size and the tokens are exact', async () => {
    const data = await file('words.txt', 'one two three four five six seven eight nine ten\n'.repeat(30));
    const { code, stdout } = await validate(await file('bpe.yaml', SAMPLE), '--data', data, '--json');
    expect(code).toBe(1); // 12 sequences of 64 are more than there are
    const { diagnostics, estimate } = JSON.parse(stdout);
    expect(diagnostics.map((diagnostic: { code: string }) => diagnostic.code)).toContain('ANN-CFG-031');
    expect(estimate.parameters).toBeLessThan(867_072); // so short a text has fewer pairs than were asked for
  });

  it('survives any file, with a message that says what it is', async () => {
    const cases = [
      ['empty.yaml', new Uint8Array(), 0, ''],
      ['utf16.yaml', new Uint8Array(Buffer.from(`\uFEFF${SAMPLE}`, 'utf16le')), 1, 'UTF-8'],
      ['binary.yaml', Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) & 255), 1, 'UTF-8'],
      ['huge.yaml', new Uint8Array(3_000_000).fill(97), 1, 'too'],
      ['crlf.yaml', new TextEncoder().encode(SAMPLE.replaceAll('\n', '\r\n')), 0, ''],
    ] as const;
    for (const [name, bytes, code, word] of cases) {
      const result = await validate(await file(name, bytes), '--json');
      expect(result.code, name).toBe(code);
      expect(
        JSON.parse(result.stdout)
          .diagnostics.map(({ message }: { message: string }) => message)
          .join(),
      ).toContain(word === 'too' ? 'at most' : word);
      const shown = (await validate(join(folder, name))).stdout.replaceAll('\n', '');
      expect(shown).not.toMatch(/\p{Cc}/u);
    }
  });

  it('looks at the limits of a device', async () => {
    const path = await file('large.yaml', SAMPLE.replace('_batch_size: 12', '_batch_size: 60000'));
    const { stdout, code } = await validate(path, '--device', 'tfjs-wasm', '--json');
    expect(code).toBe(1);
    expect(stdout).toContain('ANN-CFG-060');
  });

  it('explains how it is used', async () => {
    expect((await validate()).code).toBe(2);
    expect((await validate('a', 'b')).code).toBe(2);
    expect((await validate(join(folder, 'nothing.yaml'))).stderr).toContain('cannot be read');
    expect((await validate(await file('ok.yaml', SAMPLE), '--device', 'gpu')).stderr).toContain(
      'tfjs-webgpu',
    );
    expect((await validate(join(folder, 'ok.yaml'), '--data', join(folder, 'none.txt'))).code).toBe(2);
  });

  it.each([
    ['zero.txt', '', 'ANN-DAT-001'],
    ['data.bin', new Uint8Array(1000), 'ANN-DAT-003'],
  ])('reports data that is no text beside all else: %s', async (name, content, expected) => {
    const path = await file('beside.yaml', SAMPLE.replace('seed: 1337', 'seed: -1'));
    const { code, stdout } = await validate(path, '--data', await file(name, content), '--json');
    expect(code).toBe(1);
    const { diagnostics, estimate } = JSON.parse(stdout);
    expect(diagnostics.map((diagnostic: { code: string }) => diagnostic.code)).toEqual([
      expected,
      'ANN-CFG-009',
    ]);
    expect(diagnostics[0].range).toEqual({
      start: { line: 2, character: 10 },
      end: { line: 2, character: 17 },
    });
    expect(estimate.parameters).toBe(867_072);
  });

  it('reports a tokenizer file that is none', async () => {
    await file('tok.json', '{"model": 3}');
    const text = SAMPLE.replace('{ type: bpe, vocab_size: 512 }', '{ type: file, path: tok.json }');
    const { code, stdout } = await validate(
      await file('tok.yaml', text),
      '--data',
      await file('t.txt', 'a b c '.repeat(50)),
      '--json',
    );
    expect(code).toBe(1);
    const [{ range, code: found }] = JSON.parse(stdout).diagnostics;
    expect(found).toMatch(/^ANN-TOK-/);
    expect(text.split('\n')[range.start.line]?.slice(range.start.character, range.end.character)).toBe(
      'tok.json',
    );
  });
});
