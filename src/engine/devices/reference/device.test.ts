import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hash32 } from '../../../base/random.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { fixed } from '../../graph/dim.ts';
import { add, affine, constant, mul } from '../../graph/emit.ts';
import { createReferenceDevice } from './device.ts';
import { erf } from './kernels/special.ts';

async function counter() {
  const g = new GraphBuilder();
  const total = g.state('total', [fixed(2)], 'parameter');
  const step = g.input('step', [fixed(2)], 'f32');
  const next = add(g, total, step);
  const program = g.program('count', { outputs: { before: total, after: next }, updates: { total: next } });
  const session = await createReferenceDevice().open(g.states);
  return { session, executable: await session.compile(program) };
}

test('state starts as zeros, is written, updated and read back', async () => {
  const { session, executable } = await counter();
  const first = await executable.run({ step: Float32Array.of(1, 2) });
  expect(first).toEqual({ before: Float32Array.of(0, 0), after: Float32Array.of(1, 2) });
  await session.write('total', Float32Array.of(10, 20));
  const second = await executable.run({ step: Float32Array.of(1, 2) });
  expect(second).toEqual({ before: Float32Array.of(10, 20), after: Float32Array.of(11, 22) });
  expect(await session.read('total')).toEqual(Float32Array.of(11, 22));
  expect(first.after).toEqual(Float32Array.of(1, 2)); // what was handed out stays as it was
});

test('states that trade places do so at the end of the run', async () => {
  const g = new GraphBuilder();
  const a = g.state('a', [], 'parameter');
  const b = g.state('b', [], 'parameter');
  const program = g.program('swap', { outputs: {}, updates: { a: b, b: a } });
  const session = await createReferenceDevice().open(g.states);
  await session.write('a', Float32Array.of(1));
  await session.write('b', Float32Array.of(2));
  await (await session.compile(program)).run({});
  expect([await session.read('a'), await session.read('b')]).toEqual([
    Float32Array.of(2),
    Float32Array.of(1),
  ]);
});

test('programs of one session share its state and its arena', async () => {
  const g = new GraphBuilder();
  const x = g.state('x', [fixed(100)], 'parameter');
  const grow = g.program('grow', { outputs: {}, updates: { x: affine(g, x, 2, 1) } });
  const session = await createReferenceDevice().open(g.states);
  const first = await session.compile(grow);
  const held = session.memoryBytes();
  const second = await session.compile(grow);
  expect(session.memoryBytes()).toBe(held);
  await first.run({});
  await second.run({});
  expect((await session.read('x'))[7]).toBe(3);
});

test('a bad feed is named, and nothing has happened', async () => {
  const { session, executable } = await counter();
  const bad = { code: 'ANN-DEV-004' };
  await expect(executable.run({})).rejects.toMatchObject({ ...bad, where: 'count.step' });
  await expect(executable.run({ step: 1 })).rejects.toMatchObject(bad);
  await expect(executable.run({ step: new Float32Array(3) })).rejects.toThrow(/3 elements instead of 2/);
  await expect(session.write('total', new Float32Array(3))).rejects.toMatchObject(bad);
  await expect(session.write('totals', new Float32Array(2))).rejects.toMatchObject(bad);
  await expect(session.read('totals')).rejects.toMatchObject(bad);
  expect(await session.read('total')).toEqual(Float32Array.of(0, 0));
});

test('ids outside their table are refused before anything is read past its end', async () => {
  const g = new GraphBuilder();
  const table = g.state('table', [fixed(3), fixed(2)], 'parameter');
  const ids = g.input('ids', [fixed(1), fixed(2)], 'i32');
  const rows = g.node('embedding', [table, ids], {});
  const labels = g.input('labels', [fixed(3)], 'i32');
  const loss = g.node('cross_entropy', [table, labels], { ignore_index: -100 });
  const program = g.program('look', {
    outputs: { rows, loss },
    updates: { table: mul(g, table, constant(g, 2)) },
  });
  const session = await createReferenceDevice().open(g.states);
  await session.write('table', Float32Array.of(1, 2, 3, 4, 5, 6));
  const executable = await session.compile(program);
  const run = (id: number, label: number) =>
    executable.run({ ids: Int32Array.of(0, id), labels: Int32Array.of(0, label, -100) });
  for (const [id, label] of [
    [3, 0],
    [-1, 0],
    [0, 2],
    [0, -1],
  ] as const) {
    await expect(run(id, label)).rejects.toMatchObject({ code: 'ANN-DEV-004' });
  }
  await expect(
    executable.run({ ids: Float32Array.of(0, 0), labels: Int32Array.of(0, 0, 0) }),
  ).rejects.toThrow(/whole numbers/);
  expect(await session.read('table')).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  expect((await run(2, 1)).rows).toEqual(Float32Array.of(1, 2, 5, 6));
});

test('a position that would write past the end of a cache is refused', async () => {
  const g = new GraphBuilder();
  const cache = g.state('cache', [fixed(2), fixed(1), fixed(4), fixed(2)], 'cache');
  const qkv = g.input('qkv', [fixed(4), fixed(6)], 'f32');
  const position = g.input('position', [fixed(2)], 'i32');
  const attributes = { heads: 1, key_heads: 1, head_size: 2, time: 2, part: 'k' as const };
  const next = g.node('cache_append', [cache, qkv, position], attributes);
  const session = await createReferenceDevice().open(g.states);
  const executable = await session.compile(g.program('append', { outputs: {}, updates: { cache: next } }));
  const rows = new Float32Array(24).fill(1);
  for (const at of [-1, 3]) {
    const feeds = { qkv: rows, position: Int32Array.of(0, at) };
    await expect(executable.run(feeds)).rejects.toThrow(/holds -?\d; cache_append takes 0 to 2/);
  }
  await executable.run({ qkv: rows, position: Int32Array.of(0, 2) });
  expect([...(await session.read('cache'))]).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
});

test('dropout keeps the elements that the hash says, scaled up', async () => {
  const g = new GraphBuilder();
  const mask = g.node('dropout_mask', [g.input('seed', [], 'i32')], { rate: 0.25, stream: 3 }, [fixed(4000)]);
  const session = await createReferenceDevice().open([]);
  const executable = await session.compile(g.program('mask', { outputs: { mask } }));
  const { mask: values = new Float32Array() } = await executable.run({ seed: 42 });
  values.forEach((value, i) => {
    expect(value).toBe(hash32(42, 3, i) >= 0.25 * 2 ** 32 ? Math.fround(4 / 3) : 0);
  });
  const kept = values.filter((value) => value > 0).length;
  expect(Math.abs(kept - 3000)).toBeLessThan(120);
});

test('erf agrees with its tables and with its own slope', () => {
  // Abramowitz and Stegun, table 7.1.
  const table = [
    [0, 0],
    [0.5, 0.5204998778],
    [1, 0.8427007929],
    [1.5, 0.9661051465],
    [2, 0.995322265],
  ] as const;
  for (const [x, value] of table) expect(erf(x)).toBeCloseTo(value, 10);
  fc.assert(
    fc.property(fc.double({ min: -7, max: 7, noNaN: true }), (x) => {
      expect(erf(-x) + erf(x)).toBe(0);
      const slope = (8 * (erf(x + 1e-3) - erf(x - 1e-3)) - (erf(x + 2e-3) - erf(x - 2e-3))) / 12e-3;
      expect(slope).toBeCloseTo((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x), 9);
    }),
  );
});
