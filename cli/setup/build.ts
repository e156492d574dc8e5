import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { precompress } from '../../server/studio/precompress.ts';
import { ensureKernels } from './kernels.ts';

const root = join(import.meta.dirname, '..', '..');
const stamp = join(root, 'dist', 'studio.sha256');

/** Builds the studio into dist/studio unless what it is built from is what it was built from. */
export async function ensureBuild(): Promise<void> {
  ensureKernels(); // first: the studio takes them in
  const now = fingerprint();
  if (
    existsSync(stamp) &&
    existsSync(join(root, 'dist/studio/index.html')) &&
    readFileSync(stamp, 'utf8') === now
  )
    return;
  console.error('Building the studio ...'); // a command's own output may be JSON
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const result = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'error'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.status !== 0) {
    console.error('The studio could not be built; Vite said why above.');
    process.exit(3);
  }
  await precompress(join(root, 'dist', 'studio'));
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stamp, now);
}

/** Over the content of everything that the build reads; tests are not among it. */
function fingerprint(): string {
  const hash = createHash('sha256');
  const files = globSync(
    ['src/**/*', 'public/**/*', 'recipes/*.yaml', 'index.html', 'vite.config.ts', 'package-lock.json'],
    {
      cwd: root,
      withFileTypes: true,
    },
  );
  const paths = files
    .filter((file) => file.isFile() && !/\.test\.tsx?$/.test(file.name))
    .map((file) => join(file.parentPath, file.name))
    .sort();
  for (const path of paths)
    hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}
