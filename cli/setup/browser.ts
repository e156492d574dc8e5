import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '../../e2e/chromium.ts';

/** Sees to it that there is a browser to test in; installs one only when there is none. */
export function ensureBrowser(): void {
  if (found()) return;
  const debianRoot = existsSync('/etc/debian_version') && process.getuid?.() === 0;
  console.log('Installing a browser (once) ...');
  if (debianRoot) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], {
      stdio: 'inherit',
      env,
    });
  } else {
    const playwright = join(import.meta.dirname, '..', '..', 'node_modules', '@playwright', 'test', 'cli.js');
    spawnSync(process.execPath, [playwright, 'install', 'chromium'], { stdio: 'inherit' });
  }
  if (!found()) {
    console.error(
      'No browser could be installed. Install Chrome or Chromium, or set ANNEAL_CHROMIUM to its path.',
    );
    process.exit(3);
  }
}

function found(): boolean {
  try {
    return existsSync(chromium());
  } catch {
    return false;
  }
}
