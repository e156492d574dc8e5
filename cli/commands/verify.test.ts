import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSafetensors } from '../../src/engine/formats/safetensors.ts';
import { run } from './verify.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anneal-verify-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function verify(...args: string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await run(args, { stdout, stderr });
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

test('prints the worst error of each kind, and that they hold', async () => {
  const answer = await verify(join(fixtures, 'gpt2-tiny.safetensors'), '--device', 'reference', '--json');
  expect(answer.code).toBe(0);
  const result = JSON.parse(answer.stdout);
  expect(Object.keys(result)).toEqual(['device', 'logits', 'loss', 'grad', 'losses', 'final', 'holds']);
  expect(result).toMatchObject({ device: 'reference', holds: true });
  expect(result.logits).toBeLessThan(1e-4);
});

test('a single altered gradient does not hold: exit code 1', async () => {
  const bytes = await readFile(join(fixtures, 'llama-tiny.safetensors'));
  const file = readSafetensors(bytes);
  const name = file.names.find((tensor) => tensor.startsWith('grad.') && tensor.endsWith('q_proj.weight'));
  const gradient = file.bytes(name ?? '');
  const view = new DataView(gradient.buffer, gradient.byteOffset);
  view.setFloat32(0, view.getFloat32(0, true) + 0.5, true);
  await writeFile(join(folder, 'altered.safetensors'), bytes);
  await copyFile(join(fixtures, 'llama-tiny.json'), join(folder, 'altered.json'));
  const answer = await verify(join(folder, 'altered.safetensors'), '--device', 'reference', '--json');
  expect(answer.code).toBe(1);
  expect(JSON.parse(answer.stdout)).toMatchObject({ holds: false });
});

test('what is no fixture is refused', async () => {
  await expect(verify()).resolves.toMatchObject({ code: 2 });
  await expect(verify(join(folder, 'none.safetensors'))).resolves.toMatchObject({ code: 2 });
  await writeFile(join(folder, 'cut.safetensors'), new Uint8Array(20));
  await writeFile(join(folder, 'cut.json'), '{}');
  await expect(verify(join(folder, 'cut.safetensors'), '--device', 'reference')).rejects.toMatchObject({
    code: expect.stringMatching(/^ANN-FMT/),
  });
});
