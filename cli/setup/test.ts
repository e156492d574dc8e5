import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureBrowser } from './browser.ts';
import { ensureBuild } from './build.ts';
import { keepCompiled } from './compiled.ts';
import { clearTally, isReasonToSkip, type Tally, takeTally } from './tally.ts';

// Every test there is. `npm test -- check`, `units` or `journeys` runs a part.
const root = join(import.meta.dirname, '..', '..');

const suites: Readonly<Record<string, () => Tally>> = {
  check: () => {
    const result = spawnSync(process.execPath, ['cli/check/check.ts'], { cwd: root, encoding: 'utf8' });
    process.stdout.write(`${result.stdout}${result.stderr}`);
    const counts = /(\d+) passed, (\d+) failed\s*$/.exec(result.stdout);
    return { passed: Number(counts?.[1] ?? 0), failed: Number(counts?.[2] ?? 1), skipped: [] };
  },
  units: () =>
    suite(
      'vitest',
      'vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=./cli/setup/vitest-reporter.ts',
    ),
  journeys: () => {
    const [most, alone] = ['journeys', 'alone'].map((project) =>
      suite('playwright', '@playwright/test/cli.js', 'test', `--project=${project}`),
    ) as [Tally, Tally];
    return {
      passed: most.passed + alone.passed,
      failed: most.failed + alone.failed,
      skipped: [...most.skipped, ...alone.skipped],
    };
  },
};

function suite(name: string, script: string, ...args: string[]): Tally {
  clearTally(name);
  const result = spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  const tally = takeTally(name) ?? { passed: 0, failed: 1, skipped: [] };
  // A runner that fails without a failed test (a crash, nothing found) is a failure all the same.
  return result.status !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(suites, name));
if (unknown.length > 0) {
  console.error(`There is no suite "${unknown.join(', ')}": choose from ${Object.keys(suites).join(', ')}.`);
  process.exit(2);
}
ensureBrowser();
await ensureBuild();
await keepCompiled();
let [passed, failed] = [0, 0];
const skipped: Tally['skipped'][number][] = [];
for (const [name, run] of Object.entries(suites)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const tally = run();
  passed += tally.passed;
  failed += tally.failed;
  skipped.push(...tally.skipped);
}
console.log('');
for (const { test, reason } of skipped) {
  const allowed = isReasonToSkip(reason);
  if (!allowed) failed++;
  console.log(
    `${allowed ? 'skipped' : 'FAILED (skipped without a good reason)'}: ${test}: ${reason || 'no reason given'}`,
  );
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
