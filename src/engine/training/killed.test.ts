import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createNodeCheckpointStore } from '../../storage/node/checkpoint-store.ts';
import type { TrainingEvent } from './events.ts';
import { curve, tinyDeps } from './testing/harness.ts';
import { killedSpec } from './testing/specs.ts';
import { train } from './train.ts';

test('a process killed again and again in mid-step ends up with the curve of one that never was', async () => {
  const straight = tinyDeps();
  await train(killedSpec, straight);

  const root = await mkdtemp(join(tmpdir(), 'anneal-killed-'));
  const script = fileURLToPath(new URL('../../storage/node/testing/train-until-killed.ts', import.meta.url));
  // Of each step, what was told last: after a kill, updates since the checkpoint are made again.
  const told = new Map<string, TrainingEvent>();
  let furthest = 0;
  let kills = 0;
  for (let life = 0; ; life++) {
    // Somewhere after the next checkpoint, in another place of the step each time.
    const killAt = furthest + 5 + (life % 3);
    const args = [script, root, life === 0 ? 'new' : 'resume', `${killAt}`];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout })) {
      const event: TrainingEvent = JSON.parse(line);
      told.set(`${event.type} ${event.step}`, event);
      furthest = Math.max(furthest, event.step);
      if (event.type === 'step' && event.step === killAt) child.kill('SIGKILL');
    }
    const [code, signal] = await exited;
    if (signal === 'SIGKILL') kills++;
    else {
      expect(code).toBe(0);
      break;
    }
  }
  expect(kills).toBeGreaterThanOrEqual(3);
  expect(curve([...told.values()]).sort(byStep)).toEqual(curve(straight.events).sort(byStep));
  const names = (await createNodeCheckpointStore(root).list('run')).map(({ name }) => name);
  expect(names).toEqual(['best', 'latest-0', 'latest-1']);
  await rm(root, { recursive: true });
}, 300_000); // six processes one after the other, each of which starts in seconds on a machine at work

function byStep(a: unknown, b: unknown): number {
  const key = (x: unknown): string => {
    const { step, type = 'step' } = x as { readonly step: number; readonly type?: string };
    return `${String(step).padStart(6, '0')} ${type}`;
  };
  return key(a) < key(b) ? -1 : 1;
}
