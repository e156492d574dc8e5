import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const wasm = join(root, 'src', 'engine', 'devices', 'wasm');
const sources = join(wasm, 'assembly');
const modules = join(wasm, 'modules');
const stamp = join(modules, 'sources.sha256');

/**
 * The level of optimisation is low on purpose: from 2 on, loads are moved towards their uses, which makes
 * V8 spill the accumulators of unrolled loops (bench/NOTES.md). V8 itself does the rest.
 */
const common = [
  ...['--runtime', 'stub', '--optimizeLevel', '1', '--noAssert', '--importMemory', '--exportTable'],
  // Atomic operations are allowed on memory that is not shared, too: one source for both.
  ...['--enable', 'simd', '--enable', 'threads'],
];
const relaxed = ['--enable', 'relaxed-simd'];
const threads = ['--sharedMemory', '--maximumMemory', '65536'];

/** One source, four modules: with and without relaxed SIMD, with and without threads. */
const variants: Readonly<Record<string, readonly string[]>> = {
  'relaxed-threads': [...relaxed, ...threads],
  'relaxed-single': relaxed,
  'plain-threads': threads,
  'plain-single': [],
};

/**
 * Compiles the kernels of the wasm device unless the modules that are there came from these very sources.
 * Returns what the compiler had to say, or null.
 */
export function buildKernels(): string | null {
  const now = fingerprint();
  const files = Object.keys(variants).map((name) => join(modules, `${name}.wasm`));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === now && files.every(existsSync)) return null;
  console.error('Compiling the kernels ...');
  mkdirSync(modules, { recursive: true });
  // Others may be at it as well, even threads of this process: each writes into a folder of its own, and
  // the files of the last one stay.
  const drafts = mkdtempSync(join(modules, 'draft-'));
  try {
    for (const [name, options] of Object.entries(variants)) {
      const said = compile([...common, ...options, '--outFile', join(drafts, `${name}.wasm`)]);
      if (said !== null) return said;
    }
    for (const file of files) renameSync(join(drafts, basename(file)), file);
  } finally {
    rmSync(drafts, { recursive: true, force: true });
  }
  writeFileSync(stamp, now);
  return null;
}

/** As `buildKernels`; without kernels there is nothing to go on with. */
export function ensureKernels(): void {
  const said = buildKernels();
  if (said === null) return;
  console.error(`The kernels could not be compiled:\n${said}`);
  process.exit(3);
}

function compile(options: readonly string[]): string | null {
  const compiler = join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
  const entry = join(sources, 'index.ts');
  const result = spawnSync(process.execPath, [compiler, entry, ...options], { cwd: root, encoding: 'utf8' });
  return result.status === 0 ? null : `${result.stdout}${result.stderr}`.trim();
}

function fingerprint(): string {
  const hash = createHash('sha256');
  const compiler = join(root, 'node_modules', 'assemblyscript', 'package.json');
  const paths = globSync('**/*.ts', { cwd: sources }).sort();
  for (const path of [...paths.map((path) => join(sources, path)), import.meta.filename, compiler])
    hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}
