import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { testServer } from '../../server/testing/fixture.ts';
import { createClient } from '../../src/sdk/client.ts';
import { EXIT } from '../io.ts';
import { run } from './artifacts.ts';

async function call(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await run(args, { stdout, stderr });
  stdout.end();
  stderr.end();
  return { code, out: await text(stdout), err: await text(stderr) };
}

test('a dry run says what would go and removes nothing; then it goes', async () => {
  let passed = 0;
  const { url } = await testServer({ now: () => Date.now() + passed });
  const { artifacts } = createClient({ baseUrl: url });
  const bytes = new TextEncoder().encode('nobody needs this');
  const { sha256 } = await artifacts.upload(new Blob([bytes]));
  expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  const young = await call('collect', '--dry-run', '--server', url, '--json');
  expect(JSON.parse(young.out)).toEqual({ dryRun: true, artifacts: [], kept: 1, freed: 0 });
  passed += 2 * 3600 * 1000;
  const dry = await call('collect', '--dry-run', '--grace-hours', '1', '--server', url);
  expect(dry).toMatchObject({ code: EXIT.fine, out: expect.stringContaining(sha256) });
  expect(dry.out).toContain('without --dry-run 17 bytes are freed');
  const real = await call('collect', '--grace-hours', '1', '--server', url);
  expect(real.out).toContain('Removed 1 artifact, 17 bytes freed. 0 stay.');
  expect(await artifacts.size(sha256)).toBeNull();
});

test('what is no command is said with the usage', async () => {
  for (const args of [
    [],
    ['sweep'],
    ['collect', 'more'],
    ['collect', '--grace-hours', 'x'],
    ['collect', '--grace-hours', '0'],
    ['collect', '--x'],
  ])
    expect(await call(...args)).toMatchObject({
      code: EXIT.usage,
      err: expect.stringContaining('Usage: anneal artifacts'),
    });
});
