import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnnealError } from '../../base/error.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import { CheckpointSlots, findLatest } from './checkpoint-slots.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import { FRESH_WATCH } from './loss-watch.ts';
import type { CheckpointFacts } from './progress.ts';
import { tinySpec } from './testing/specs.ts';

function factsAt(step: number, serial: number): CheckpointFacts {
  return {
    format: 1,
    holds: 'all',
    serial,
    progress: {
      step,
      cursor: step * 2,
      learning_rate_factor: 0.1 + 0.2,
      best: { step: 4, val_loss: 1 / 3 },
      evaluated: 4,
      evaluations_without_improvement: 1,
      loss_watch: { ...FRESH_WATCH, average: 2 / 3, best: 0.1 },
    },
    spec: tinySpec,
    hashes: { data: 'd', tokenizer: 't' },
    tokens: { train: 900, validation: 100 },
    device: 'reference',
    program_version: '1.2.3',
  };
}
const shapes = [
  { name: 'w', shape: [2, 3] },
  { name: 'w.m', shape: [2, 3] },
];
const values = (step: number): Float32Array => Float32Array.from({ length: 6 }, (_, i) => step + i / 10);
const encode = (step: number, serial: number): Promise<Uint8Array> =>
  encodeCheckpoint(factsAt(step, serial), shapes, async () => values(step));

/** A store without any atomicity: a put that dies leaves the first `bytes` of what it was writing. */
class TearingStore implements CheckpointStore {
  readonly blobs = new Map<string, Uint8Array>();
  dieAfter: number | null = null;
  async put(_run: string, name: string, bytes: Uint8Array): Promise<void> {
    this.blobs.set(name, bytes.slice(0, this.dieAfter ?? bytes.length));
    if (this.dieAfter !== null) throw new Error('killed');
  }
  async get(_run: string, name: string): Promise<Uint8Array | null> {
    return this.blobs.get(name) ?? null;
  }
  async list(): Promise<never[]> {
    return [];
  }
  async remove(): Promise<void> {
    this.blobs.clear();
  }
}

test('what is stored is read back: facts to the last bit of their numbers, tensors as views', async () => {
  const { facts, file } = decodeCheckpoint(await encode(7, 3));
  expect(facts).toEqual(factsAt(7, 3));
  expect(file.entry('w').shape).toEqual([2, 3]);
  expect(file.floats('w.m')).toEqual(values(7));
});

test('a checkpoint cut at any byte or with any byte changed is recognised', async () => {
  const bytes = await encode(7, 3);
  const damaged = expect.objectContaining({ code: 'ANN-TRN-004' });
  for (let n = 0; n < bytes.length; n++) {
    expect(() => decodeCheckpoint(bytes.subarray(0, n))).toThrow(damaged);
    const flipped = bytes.slice();
    flipped[n] = (flipped[n] ?? 0) ^ (1 << (n % 8));
    expect(() => decodeCheckpoint(flipped)).toThrow(damaged);
  }
});

test('any bytes are a checkpoint or a typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(() => decodeCheckpoint(bytes)).toThrow(AnnealError);
    }),
  );
});

test('a newer format is refused as such', async () => {
  const bytes = await encodeCheckpoint({ ...factsAt(1, 1), format: 2 as unknown as 1 }, shapes, async () =>
    values(1),
  );
  expect(() => decodeCheckpoint(bytes)).toThrow(expect.objectContaining({ code: 'ANN-TRN-008' }));
});

test('parameters that are no longer finite are not stored', async () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const broken = Float32Array.of(1, 2, 3, bad, 5, 6);
    await expect(encodeCheckpoint(factsAt(1, 1), shapes, async () => broken)).rejects.toMatchObject({
      code: 'ANN-TRN-002',
    });
  }
});

test('a kill at any byte of any write leaves the checkpoint before it, even in a store that tears', async () => {
  const size = (await encode(1, 1)).length;
  for (let cut = 0; cut <= size; cut++) {
    const store = new TearingStore();
    const slots = new CheckpointSlots(store, 'run', null);
    const before = cut % 3; // how many checkpoints there are when the fatal one is written
    for (let step = 1; step <= before; step++)
      await slots.saveLatest(step, await encode(step, slots.nextSerial));
    store.dieAfter = cut;
    const fatal = await encode(before + 1, slots.nextSerial);
    await expect(slots.saveLatest(before + 1, fatal)).rejects.toThrow('killed');
    store.dieAfter = null;

    const { found } = await findLatest(store, 'run');
    const whole = cut >= fatal.length;
    expect(found?.checkpoint.facts.progress.step ?? 0).toBe(whole ? before + 1 : before);
    // Going on from there writes the other slot, so what was found stays until the next is whole.
    const resumed = new CheckpointSlots(store, 'run', found);
    expect(await resumed.saveLatest(9, await encode(9, resumed.nextSerial))).not.toBe(found?.name);
    expect((await findLatest(store, 'run')).found?.checkpoint.facts.progress.step).toBe(9);
  }
});

test('of two at the same step the later counts, and damaged ones are told', async () => {
  const store = new TearingStore();
  const slots = new CheckpointSlots(store, 'run', null);
  for (let i = 0; i < 3; i++) await slots.saveLatest(5, await encode(5, slots.nextSerial));
  expect((await findLatest(store, 'run')).found?.checkpoint.facts.serial).toBe(3);
  store.blobs.get('latest-0')?.fill(0, 50, 60);
  const { found, damaged } = await findLatest(store, 'run');
  expect(found?.checkpoint.facts.serial).toBe(2);
  expect(damaged.map((facts) => [facts.code, facts.where])).toEqual([['ANN-TRN-004', 'latest-0']]);
});
