import { Random } from '../../../base/random.ts';
import { createReferenceDevice } from '../../devices/reference/device.ts';
import { createChar } from '../../tokenizers/char.ts';
import type { CheckpointStore } from '../checkpoint-store.ts';
import { CommandQueue } from '../commands.ts';
import type { TrainingDeps } from '../deps.ts';
import type { TrainingCommand, TrainingEvent } from '../events.ts';

/** Text of 17 letters in which the next letter follows from the last, mostly. */
export function tinyText(length: number, seed = 5): Int32Array {
  const random = new Random(seed);
  const out = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const follows = ((out[i - 1] ?? 0) * 3 + 1) % 17;
    out[i] = random.uniform() < 0.9 ? follows : random.below(17);
  }
  return out;
}

export class FakeStore implements CheckpointStore {
  readonly blobs = new Map<string, Uint8Array>();
  /** Throws instead of storing. */
  refuse: Error | null = null;
  async put(run: string, name: string, bytes: Uint8Array): Promise<void> {
    if (this.refuse) throw this.refuse;
    this.blobs.set(`${run}/${name}`, bytes.slice());
  }
  async get(run: string, name: string): Promise<Uint8Array | null> {
    return this.blobs.get(`${run}/${name}`)?.slice() ?? null;
  }
  async list(): Promise<never[]> {
    return [];
  }
  async remove(run: string, name?: string): Promise<void> {
    for (const key of [...this.blobs.keys()]) {
      if (name === undefined ? key.startsWith(`${run}/`) : key === `${run}/${name}`) this.blobs.delete(key);
    }
  }
}

export interface Recorded extends TrainingDeps {
  readonly events: TrainingEvent[];
  readonly store: FakeStore;
}

/**
 * Everything a run needs, on the reference device, with a clock that ticks by itself. `at` gives commands
 * that are pushed when the loop has made that many updates.
 */
export function tinyDeps(
  changes: Partial<TrainingDeps> & {
    readonly at?: Readonly<Record<number, readonly TrainingCommand[]>>;
  } = {},
): Recorded {
  const text = tinyText(1200);
  const events: TrainingEvent[] = [];
  const commands = new CommandQueue();
  let ticks = 0;
  const { at = {}, ...rest } = changes;
  const deps: TrainingDeps = {
    device: createReferenceDevice(),
    data: { train: text.subarray(0, 1000), validation: text.subarray(1000) },
    tokenizer: createChar([...'abcdefghijklmnopq']),
    hashes: { data: 'data', tokenizer: 'tokenizer' },
    store: new FakeStore(),
    run: 'run',
    start: { type: 'new' },
    until: null,
    commands,
    emit: (event) => {
      events.push(event);
      if (event.type === 'step') for (const command of at[event.step] ?? []) commands.push(command);
    },
    clock: { now: () => ticks, elapsed: () => ++ticks },
    breathe: async () => {},
    program_version: '0.0.0',
    ...rest,
  };
  return { ...deps, events, store: deps.store as FakeStore };
}

/** What two runs must have in common: everything but times and what is stored when. */
export function curve(events: readonly TrainingEvent[]): unknown[] {
  return events.flatMap((event): unknown[] => {
    if (event.type === 'step') {
      const { step, loss, grad_norm, learning_rate } = event;
      return [{ step, loss, grad_norm, learning_rate }];
    }
    if (event.type === 'sample') return [{ step: event.step, text: event.text }];
    return event.type === 'eval' || event.type === 'learning_rate' ? [event] : [];
  });
}
