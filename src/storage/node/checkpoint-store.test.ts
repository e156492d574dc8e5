import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { checkpointStoreAcceptance } from '../testing/checkpoint-store.ts';
import { createNodeCheckpointStore } from './checkpoint-store.ts';

const folders: string[] = [];
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'anneal-store-'));
  folders.push(path);
  return path;
}
afterAll(async () => {
  for (const path of folders) await rm(path, { recursive: true, force: true });
});

checkpointStoreAcceptance(async () => createNodeCheckpointStore(await folder()));

test('a file where a folder should be is a typed error', async () => {
  const root = await folder();
  await writeFile(join(root, 'run'), 'in the way');
  await expect(createNodeCheckpointStore(root).put('run', 'a', new Uint8Array(1))).rejects.toMatchObject({
    code: 'ANN-STO-004',
  });
});

test('a process killed while it stores leaves the last whole blob', async () => {
  const root = await folder();
  const store = createNodeCheckpointStore(root);
  const writer = fileURLToPath(new URL('./testing/store-until-killed.ts', import.meta.url));
  let last = -1;
  for (let round = 0; round < 8; round++) {
    const child = spawn(process.execPath, [writer, root, String(last + 1)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout })) {
      last = Number(line);
      // The kill lands in one of the next puts: each takes longer than the message about the one before.
      if (last % 5 === round % 5) child.kill('SIGKILL');
    }
    const [, signal] = await exited;
    expect(signal).toBe('SIGKILL');
    const bytes = await store.get('run', 'a');
    expect(bytes).not.toBeNull();
    const version = (bytes?.byteLength ?? 0) - 1_000_000;
    expect(version).toBeGreaterThanOrEqual(last);
    expect(bytes?.every((byte) => byte === version % 256)).toBe(true);
    last = version;
  }
  expect((await readdir(join(root, 'run'))).filter((name) => !name.startsWith('.'))).toEqual(['a']);
});
