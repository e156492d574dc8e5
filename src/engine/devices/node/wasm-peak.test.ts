import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { StepMemory } from './testing/step-memory.ts';

const script = fileURLToPath(new URL('./testing/step-memory.ts', import.meta.url));

/** In a process of its own, of which all memory is looked at. */
function stepMemory(preset: string, threads: number): StepMemory {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, preset, `${threads}`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as StepMemory;
}

test.each([
  ['small', 1],
  ['small', 2],
  ['small', 16],
  ['medium', 2],
])('the wasm device trains %s on %i threads in what was planned within a twentieth', (preset, threads) => {
  const { planned, linear, resident } = stepMemory(preset, threads);
  expect(Math.abs(linear / planned - 1), `${linear} bytes of ${planned}`).toBeLessThan(0.05);
  // What Node itself takes meanwhile, for its garbage and its code, is as much as a twentieth of small.
  if (preset === 'small') return;
  expect(resident / planned, `the process grew by ${resident}, ${planned} were planned`).toBeLessThan(1.05);
  expect(resident / planned).toBeGreaterThan(0.95);
});
