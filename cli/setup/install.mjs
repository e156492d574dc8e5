// Runs on whatever Node the machine has (20.19 or newer), before anything is installed: no dependency, no TypeScript.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Installs what the lock file names, unless it is there already. */
export function ensureDependencies() {
  if (installed()) return;
  // Not into the output: the command that comes after may print JSON.
  console.error('Installing dependencies (once) ...');
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js')
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  const [command, ...before] = npm;
  const result = spawnSync(command, [...before, 'ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['inherit', 2, 2],
    shell: npm.length === 1 && process.platform === 'win32',
  });
  if (result.status !== 0)
    fail('Dependencies could not be installed; npm said why above. Mend that and run the command again.');
}

/** npm keeps what it installed in a hidden lock file; each package of ours must be there in its version. */
function installed() {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, facts]) =>
      path === '' ||
      facts.optional ||
      facts.devOptional ||
      facts.peer ||
      present[path]?.version === facts.version,
  );
}

/** The Node 24 that came as a dependency; the machine's own where there is none for it and its own is new enough. */
export function node24() {
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const name = { win32: 'win', linux: 'linux', darwin: 'darwin' }[process.platform];
  for (const prefix of ['node', 'node-bin']) {
    const path = join(root, 'node_modules', `${prefix}-${name}-${process.arch}`, 'bin', file);
    if (existsSync(path)) return path;
  }
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  return fail(
    `There is no Node 24 for ${process.platform} ${process.arch} among the dependencies. Install Node 24 and run the command again.`,
  );
}

/** Runs a TypeScript file on Node 24, with `flags` of Node's, and ends with its exit code. */
export function runOnNode24(file, args = process.argv.slice(2), flags = []) {
  const node = node24();
  const separator = process.platform === 'win32' ? ';' : ':';
  const all = ['--disable-warning=ExperimentalWarning', ...flags, join(root, file), ...args];
  const result = spawnSync(node, all, {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(node)}${separator}${process.env.PATH}` },
  });
  if (result.error) fail(String(result.error));
  process.exit(result.status ?? (result.signal ? 130 : 3));
}

export function fail(message) {
  console.error(message);
  process.exit(3);
}
