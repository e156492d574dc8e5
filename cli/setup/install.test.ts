import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

it('sets up without a word into the output, which may be JSON', async () => {
  const root = await mkdtemp(join(tmpdir(), 'anneal-install-'));
  try {
    await mkdir(join(root, 'cli', 'setup'), { recursive: true });
    const setup = join(root, 'cli', 'setup', 'install.mjs');
    await cp(join(import.meta.dirname, 'install.mjs'), setup);
    const npm = join(root, 'npm-cli.js');
    await writeFile(npm, "console.log('added 1 package');");
    const result = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', `(await import('${pathToFileURL(setup).href}')).ensureDependencies()`],
      { env: { ...process.env, npm_execpath: npm }, encoding: 'utf8' },
    );
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain('Installing');
    expect(result.stderr).toContain('added 1 package');
    expect(result.status).toBe(0);
  } finally {
    await rm(root, { recursive: true });
  }
});
