import { expect, test } from 'vitest';
import type { Device } from '../../device.ts';
import { findLatest } from '../checkpoint-slots.ts';
import { train } from '../train.ts';
import { curve, tinyDeps } from './harness.ts';
import { killedSpec, tinyLlama } from './specs.ts';

export interface ResumeDevices {
  readonly open: () => Promise<Device>;
  /** Opens what the first model's run goes on on, as `open` does the others'; as before where left out. */
  readonly anew?: () => Promise<Device>;
  /** With every model, or the first alone. */
  readonly thorough?: boolean;
}

/**
 * On any device: a run that was cut off goes on, on a device opened anew, with the losses of one that was
 * not, bit for bit.
 */
export function resumeAcceptance(name: string, devices: ResumeDevices): void {
  const { open, anew = open, thorough = true } = devices;
  const updates = { max_steps: 8, eval_steps: 4, save_steps: 3 };
  const schedule = { ...killedSpec.schedule, max_steps: 8 };
  const specs = {
    'gpt2 with dropout and accumulation': { ...killedSpec, ...updates, schedule },
    llama: { ...killedSpec, ...updates, schedule, model: tinyLlama, gradient_accumulation_steps: 1 },
    'gpt2 in float16': { ...killedSpec, ...updates, schedule, dtype: 'float16' as const },
  };
  for (const [i, [what, spec]] of Object.entries(specs)
    .slice(0, thorough ? 3 : 1)
    .entries()) {
    const reopen = i === 0 ? anew : open;
    test(`${name}: ${what}, resumed, has the losses of a run that never stopped`, async () => {
      const straight = tinyDeps({ device: await open() });
      expect(await train(spec, straight)).toMatchObject({ reason: 'finished' });
      straight.device.dispose();

      const cut = tinyDeps({ device: await open() });
      const dying = {
        ...cut,
        emit: (event: Parameters<typeof cut.emit>[0]) => {
          cut.emit(event);
          if (event.type !== 'step' || event.step !== 5) return;
          cut.store.refuse = new Error('dead');
          throw new Error('dead');
        },
      };
      expect(await train(spec, dying)).toMatchObject({ reason: 'failed', checkpoint: { step: 3 } });
      cut.device.dispose();
      cut.store.refuse = null;

      const resumed = tinyDeps({ device: await reopen(), store: cut.store, start: { type: 'resume' } });
      expect(await train(spec, resumed)).toMatchObject({ reason: 'finished' });
      resumed.device.dispose();

      const kept = cut.events.filter((event) => event.step <= 3);
      expect(curve([...kept, ...resumed.events])).toEqual(curve(straight.events));
      const [a, b] = await Promise.all([findLatest(straight.store, 'run'), findLatest(resumed.store, 'run')]);
      const file = a.found?.checkpoint.file;
      if (!file) throw new Error('no checkpoint');
      for (const tensor of file.names) {
        expect(b.found?.checkpoint.file.bytes(tensor)).toEqual(file.bytes(tensor));
      }
    }, 300_000); // compiling for a GPU that is emulated takes its time
  }
}
