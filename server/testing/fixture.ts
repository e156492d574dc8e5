import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type RunningServer, type ServerOptions, startServer } from '../server.ts';

export const SAMPLE_CONFIG = 'project: stories\ntraining:\n  max_steps: 20\n';

/** A folder that is removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'anneal-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A real server on a free loopback port, stopped when the test is over. */
export async function testServer(
  options: Partial<ServerOptions> = {},
): Promise<RunningServer & { readonly dataDir: string }> {
  const dataDir = options.dataDir ?? (await temporaryFolder());
  const server = await startServer({
    port: 0,
    studio: { kind: 'none' },
    sampleConfig: SAMPLE_CONFIG,
    ...options,
    dataDir,
  });
  onTestFinished(() => server.close());
  return { ...server, dataDir };
}
