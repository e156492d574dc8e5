import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { beforeEach, expect, test, vi } from 'vitest';
import { temporaryFolder } from './testing/fixture.ts';
import { threadEnvironment } from './thread-environment.ts';

/** `npm test` names one for all that it starts. */
beforeEach(() => {
  vi.stubEnv('NODE_COMPILE_CACHE', undefined);
  return () => vi.unstubAllEnvs();
});

/** Whether a thread that loads a module of ours took types out of it. */
async function stripsTypes(env: NodeJS.ProcessEnv): Promise<boolean> {
  const module = new URL('./store/watermark.ts', import.meta.url).href;
  const code = `import(${JSON.stringify(module)}).then(() =>
    require('node:worker_threads').parentPort.postMessage(
      process.moduleLoadList.some((name) => name.includes('amaro'))))`;
  const worker = new Worker(code, { eval: true, env, execArgv: ['--disable-warning=ExperimentalWarning'] });
  const said: unknown[] = [];
  worker.on('message', (message) => said.push(message));
  await once(worker, 'exit');
  expect(said).toHaveLength(1);
  return said[0] === true;
}

test('only the first thread takes types out of modules, and those after it find them without', async () => {
  const env = threadEnvironment(await temporaryFolder());
  expect(await stripsTypes(env)).toBe(true);
  expect(await stripsTypes(env)).toBe(false);
});

test('a cache that cannot be written, or that somebody named himself, is left to him', async () => {
  expect(await stripsTypes(threadEnvironment('/dev/null/nowhere'))).toBe(true);
  expect(threadEnvironment().NODE_COMPILE_CACHE).toMatch(/anneal-threads$/);
  vi.stubEnv('NODE_COMPILE_CACHE', '/somewhere');
  expect(threadEnvironment().NODE_COMPILE_CACHE).toBe('/somewhere');
});
