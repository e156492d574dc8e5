import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { architectureFaults } from './architecture.ts';
import { generatedFaults } from './generated.ts';
import { root } from './imports.ts';

/** A check passes when it has nothing to say. */
interface Check {
  readonly name: string;
  readonly faults: () => string;
}

const checks: readonly Check[] = [
  {
    name: 'types of the pure folders (no DOM, no Node)',
    faults: () => tool('typescript/bin/tsc', '-p', 'tsconfig.pure.json'),
  },
  { name: 'types of the browser code', faults: () => tool('typescript/bin/tsc', '-p', 'tsconfig.web.json') },
  {
    name: 'types of the Node code and tests',
    faults: () => tool('typescript/bin/tsc', '-p', 'tsconfig.node.json'),
  },
  {
    name: 'lint and format',
    faults: () => tool('@biomejs/biome/bin/biome', 'ci', '--colors=off', '--max-diagnostics=40'),
  },
  { name: 'layers and cycles', faults: () => architectureFaults().join('\n') },
  { name: 'dead code', faults: () => tool('knip/bin/knip.js', '--no-progress') },
  { name: 'generated pages are current', faults: () => generatedFaults().join('\n') },
];

function tool(script: string, ...args: string[]): string {
  const result = spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  if (result.status === 0) return '';
  return (
    `${result.stdout}${result.stderr}`.trim() || `${script} ended with ${result.status ?? result.signal}`
  );
}

let failed = 0;
for (const { name, faults } of checks) {
  const found = faults();
  console.log(`${found === '' ? 'ok  ' : 'FAIL'}  ${name}`);
  if (found !== '') {
    failed++;
    console.log(found.replace(/^/gm, '      '));
  }
}
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
