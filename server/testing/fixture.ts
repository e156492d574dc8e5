import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunningServer, ServerOptions } from '../options.ts';
import { startServer } from '../server.ts';

export const SAMPLE_CONFIG = 'project: stories\ntraining:\n  max_steps: 20\n';

/** A folder that is removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'anneal-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export type TestServer = RunningServer & { readonly dataDir: string };

/** A real server on a free loopback port, stopped when the test is over. */
export async function testServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const server = await serverIn(options.dataDir ?? (await temporaryFolder()), options);
  onTestFinished(() => server.close());
  return server;
}

/** The same for all tests of a file: who starts it closes it, which removes its folder. */
export async function sharedServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'anneal-'));
  const server = await serverIn(dataDir, options);
  const close = async (): Promise<void> => {
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { ...server, close };
}

async function serverIn(dataDir: string, options: Partial<ServerOptions>): Promise<TestServer> {
  const server = await startServer({
    port: 0,
    studio: { kind: 'none' },
    sampleConfig: SAMPLE_CONFIG,
    ...options,
    dataDir,
  });
  return { ...server, dataDir };
}
