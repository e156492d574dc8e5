import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { createClient } from '../../src/sdk/client.ts';
import { openCutProxy } from '../testing/cut-proxy.ts';
import { temporaryFolder } from '../testing/fixture.ts';

/** A server as a process of its own, as people run it. */
async function startProcess(
  data: string,
): Promise<{ readonly port: number; readonly process: ChildProcess }> {
  const main = join(import.meta.dirname, '..', 'main.ts');
  const args = ['--port', '0', '--studio', 'none', '--data', data, '--allow-host', '127.0.0.1'];
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { port: Number(new URL(line.slice(line.indexOf('http'))).port), process: child };
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

test('an upload goes on over kills of the server at random places, and leaves nothing behind', async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const data = await temporaryFolder();
  const bytes = randomBytes(10 * 1024 * 1024);
  const chunkBytes = 1024 * 1024;
  let server = await startProcess(data);
  let left = 3;
  let restarting: Promise<void> = Promise.resolve();
  const arm = (): void => {
    if (left-- > 0) proxy.cutAfter(1 + random.below(3 * chunkBytes));
  };
  const proxy = await openCutProxy(server.port, () => {
    restarting = restarting.then(async () => {
      await kill(server.process);
      server = await startProcess(data);
      proxy.retarget(server.port);
      arm();
    });
  });
  onTestFinished(() => proxy.close());
  arm();
  const { artifacts } = createClient({ baseUrl: proxy.url });
  const stored = await artifacts.upload(new Blob([bytes]), { chunkBytes });
  await restarting;
  expect(stored.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(proxy.cuts()).toBe(3);
  expect(proxy.sent() - bytes.length).toBeLessThanOrEqual(3 * chunkBytes + 200 * 1024);
  const back = await createClient({ baseUrl: proxy.url }).artifacts.download(stored.sha256);
  expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true);
  const folder = join(data, 'artifacts');
  expect(await readdir(join(folder, 'uploads'))).toEqual([]);
  expect(await readdir(join(folder, 'incoming'))).toEqual([]);
}, 240_000);
