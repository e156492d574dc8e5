import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join as joinPath } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from './testing/fixture.ts';
import { join } from './testing/join.ts';

/** A server as a process of its own, as people run it. */
async function startProcess(
  dataDir: string,
): Promise<{ readonly url: string; readonly process: ChildProcess }> {
  const script = `
    import { startServer } from ${JSON.stringify(new URL('./server.ts', import.meta.url).href)};
    const server = await startServer({
      port: 0, dataDir: ${JSON.stringify(dataDir)}, studio: { kind: 'none' }, sampleConfig: 'a: 1\\n',
      limits: { logUpdates: 20 },
    });
    console.log(server.url);
  `;
  const file = joinPath(await temporaryFolder(), 'start.mjs');
  await writeFile(file, script);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url, process: child };
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

test('killed in mid-stream at any time, the server has everything that it acknowledged', async () => {
  const dataDir = await temporaryFolder();
  let acknowledged = '';
  for (let round = 0; round < 4; round++) {
    const server = await startProcess(dataDir);
    const editor = await join(server.url, 'notes.md');
    // All that was acknowledged before the kill is here; what was not may be.
    expect(editor.text.toString().startsWith(acknowledged)).toBe(true);
    const written: string[] = [editor.text.toString()];
    const base = editor.sent;
    let writing = true;
    const type = (): void => {
      if (!writing) return;
      const isFarAhead = editor.sent - editor.stored > 300; // nobody types so much while the disk is slow
      for (let i = 0; i < 3 && !isFarAhead; i++) {
        editor.text.insert(editor.text.length, `${round}:${written.length};`);
        written.push(editor.text.toString());
      }
      setImmediate(type);
    };
    type();
    await editor.until(() => editor.stored > base + 60 + round * 37);
    await kill(server.process);
    writing = false;
    await editor.closed;
    acknowledged = written[editor.stored - base] ?? '';
    expect(acknowledged.length).toBeGreaterThan(0);
  }
  const last = await startProcess(dataDir);
  const reader = await join(last.url, 'notes.md');
  expect(reader.text.toString().startsWith(acknowledged)).toBe(true);
});

test('killed in the middle of an upload, the server has no artifact and cleans up at the next start', async () => {
  const dataDir = await temporaryFolder();
  const server = await startProcess(dataDir);
  const bytes = randomBytes(4_000_000);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const upload = request(`${server.url}/api/v1/artifacts/${sha256}`, {
    method: 'PUT',
    headers: { 'content-length': bytes.length },
  });
  upload.on('error', () => undefined);
  await new Promise<void>((resolve) => upload.write(bytes.subarray(0, 3_000_000), () => resolve()));
  const incoming = joinPath(dataDir, 'artifacts', 'incoming');
  await expect.poll(async () => (await readdir(incoming)).length).toBe(1);
  await kill(server.process);
  expect((await readdir(joinPath(dataDir, 'artifacts'))).sort()).toEqual(['incoming', 'uploads']);
  const next = await startProcess(dataDir);
  expect(await readdir(incoming)).toEqual([]);
  const response = await fetch(`${next.url}/api/v1/artifacts/${sha256}`, { method: 'HEAD' });
  expect(response.status).toBe(404);
});
