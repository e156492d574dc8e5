import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hash32, Random } from '../../base/random.ts';
import type { Device, Feeds, Outputs, Session } from '../device.ts';
import { deviceErrors } from '../errors.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { fixed } from '../graph/dim.ts';
import { reshape, slice } from '../graph/emit.ts';
import type { OpName, Program, StateSpec } from '../graph/ir.ts';
import { OP_CASES } from './acceptance-cases.ts';
import type { OpCase } from './acceptance-operands.ts';
import { opProgram } from './op-program.ts';
import { createReferenceDevice } from './reference/device.ts';
import { expectSameBits } from './same-bits.ts';

export type AcceptedOp = keyof typeof OP_CASES;
export const ACCEPTED_OPS = Object.keys(OP_CASES) as readonly AcceptedOp[];

/**
 * What every device must pass. Each op is compared with the reference device over seeded shapes; then the
 * promises of Device, Session and Executable one by one.
 */
export function deviceAcceptance(
  name: string,
  makeDevice: () => Promise<Device>,
  ops: readonly AcceptedOp[] = ACCEPTED_OPS,
): void {
  describe(`${name} as a device`, () => {
    let device: Device;
    const reference = createReferenceDevice();
    beforeAll(async () => {
      device = await makeDevice();
    });
    afterAll(() => device.dispose());

    for (const op of ops) {
      test(`${op} computes what reference computes, and the same bits again`, async () => {
        const seed = hash32(20_251, ...new TextEncoder().encode(op));
        const cases = OP_CASES[op](new Random(seed)) as readonly OpCase<OpName>[];
        const { program, feeds } = opProgram(op, cases);
        const expected = await runOnce(reference, program, feeds);
        const session = await device.open([]);
        try {
          const executable = await session.compile(program);
          const actual = await executable.run(feeds);
          for (const [key, wanted] of Object.entries(expected)) {
            const got = actual[key] ?? new Float32Array(0);
            const error = relativeError(got, wanted);
            const shape = cases[Number(key)]?.inputs.map((x) => `[${x.shape}]`).join(' ');
            expect(got.length).toBe(wanted.length);
            expect(error, `${op} of ${shape}, case ${key}, seed ${seed}`).toBeLessThan(TOLERANCE);
          }
          expectSameBits(await executable.run(feeds), actual);
        } finally {
          session.dispose();
        }
      }, 240_000); // compiling for a GPU that is emulated takes its time
    }

    test('a small training step agrees with reference and repeats bit for bit, also on a fresh device', async () => {
      const first = await train(device, 3);
      const wanted = await train(reference, 3);
      expect(relativeError(first.losses, wanted.losses)).toBeLessThan(1e-4);
      expect(relativeError(first.weights, wanted.weights)).toBeLessThan(1e-4);
      const again = await makeDevice();
      try {
        const second = await train(again, 3);
        expectSameBits({ ...second }, { ...first });
      } finally {
        again.dispose();
      }
    });

    test('state that was read and written back goes on with the same bits', async () => {
      const whole = await train(device, 4);
      const half = await train(device, 2);
      const rest = await train(device, 2, half);
      expectSameBits({ weights: rest.weights, m: rest.m }, { weights: whole.weights, m: whole.m });
    });

    test('a run that is refused leaves the state as it was', async () => {
      const session = await device.open([counterState]);
      try {
        await session.write('total', Float32Array.of(1, 2));
        const executable = await session.compile(counter());
        const bad: Feeds[] = [{}, { step: Float32Array.of(1) }, { step: new Float32Array(3) }];
        for (const feeds of bad) {
          await expect(executable.run(feeds)).rejects.toMatchObject({ code: deviceErrors.badFeed.code });
        }
        expect([...(await session.read('total'))]).toEqual([1, 2]);
        await executable.run({ step: Float32Array.of(10, 20) });
        expect([...(await session.read('total'))]).toEqual([11, 22]);
      } finally {
        session.dispose();
      }
    });

    test('ids that were cut out of what is fed are checked, what was cut off is not', async () => {
      const builder = new GraphBuilder();
      const table = builder.state('table', [fixed(3), fixed(2)], 'parameter');
      const ids = builder.input('ids', [fixed(2), fixed(3)], 'i32');
      const cut = slice(builder, ids, [0, 1], [fixed(2), fixed(2)]);
      const more = builder.input('more', [fixed(4)], 'i32');
      const joined = builder.node('concat', [reshape(builder, cut, [fixed(4)]), more], { axis: 0 });
      const rows = builder.node('embedding', [table, joined], {});
      const session = await device.open(builder.states);
      try {
        const executable = await session.compile(builder.program('look up', { outputs: { rows } }));
        const run = (cutOff: number, kept: number, last: number) =>
          executable.run({
            ids: Int32Array.of(cutOff, 0, 1, 2, kept, 0),
            more: Int32Array.of(0, 1, 2, last),
          });
        for (const [kept, last] of [
          [3, 0],
          [-1, 0],
          [0, 3],
        ] as const) {
          await expect(run(0, kept, last)).rejects.toMatchObject({ code: deviceErrors.badFeed.code });
        }
        await run(99, 2, 2);
      } finally {
        session.dispose();
      }
    });

    test('ids outside of their table are refused, not read past it', async () => {
      const builder = new GraphBuilder();
      const table = builder.state('table', [fixed(3), fixed(2)], 'parameter');
      const ids = builder.input('ids', [fixed(2)], 'i32');
      const rows = builder.node('embedding', [table, ids], {});
      const session = await device.open(builder.states);
      try {
        const executable = await session.compile(builder.program('look up', { outputs: { rows } }));
        for (const wrong of [3, -1]) {
          const run = executable.run({ ids: Int32Array.of(0, wrong) });
          await expect(run).rejects.toMatchObject({ code: deviceErrors.badFeed.code });
        }
        await executable.run({ ids: Int32Array.of(0, 2) });
      } finally {
        session.dispose();
      }
    });

    test('updates take effect together, at the end', async () => {
      // a and b change places: an update applied too early would give one value twice
      const builder = new GraphBuilder();
      const shape = [fixed(3)];
      const a = builder.state('a', shape, 'parameter');
      const b = builder.state('b', shape, 'parameter');
      const program = builder.program('swap', { outputs: { a }, updates: { a: b, b: a } });
      const session = await device.open(builder.states);
      try {
        await session.write('a', Float32Array.of(1, 2, 3));
        await session.write('b', Float32Array.of(4, 5, 6));
        const executable = await session.compile(program);
        const outputs = await executable.run({});
        expect([...(outputs['a'] ?? [])]).toEqual([1, 2, 3]);
        expect([...(await session.read('a'))]).toEqual([4, 5, 6]);
        expect([...(await session.read('b'))]).toEqual([1, 2, 3]);
      } finally {
        session.dispose();
      }
    });

    test('sessions have their own state, which starts as zeros', async () => {
      const sessions = await Promise.all([device.open([counterState]), device.open([counterState])]);
      try {
        const [one, two] = sessions as [Session, Session];
        const [first, second] = await Promise.all([one.compile(counter()), two.compile(counter())]);
        const step = Float32Array.of(1, 1);
        await Promise.all([first.run({ step }), second.run({ step }), first.run({ step })]);
        expect([...(await one.read('total'))]).toEqual([2, 2]);
        expect([...(await two.read('total'))]).toEqual([1, 1]);
        one.dispose();
        await second.run({ step });
        expect([...(await two.read('total'))]).toEqual([2, 2]);
      } finally {
        for (const session of sessions) session.dispose();
      }
    });

    test('what is fed or written may change afterwards', async () => {
      const session = await device.open([counterState]);
      try {
        const step = Float32Array.of(1, 2);
        await session.write('total', step);
        step.fill(9);
        expect([...(await session.read('total'))]).toEqual([1, 2]);
        const read = await session.read('total');
        read.fill(7);
        expect([...(await session.read('total'))]).toEqual([1, 2]);
      } finally {
        session.dispose();
      }
    });

    test('a state that the session lacks, that is there twice, or of another size or kind is refused', async () => {
      const session = await device.open([counterState]);
      try {
        const code = deviceErrors.badFeed.code;
        await expect(session.write('total', new Float32Array(3))).rejects.toMatchObject({ code });
        await expect(session.write('other', new Float32Array(2))).rejects.toMatchObject({ code });
        await expect(session.write('total', new Int32Array(2))).rejects.toMatchObject({ code });
        await expect(device.open([counterState, counterState])).rejects.toMatchObject({ code });
        await expect(session.read('other')).rejects.toMatchObject({ code });
        await expect(session.compile(counter('other'))).rejects.toMatchObject({ code });
        await expect(session.compile(counter('total', 3))).rejects.toMatchObject({ code });
      } finally {
        session.dispose();
      }
    });

    test('running again and again holds no more memory than at first', async () => {
      const session = await device.open([counterState]);
      try {
        const executable = await session.compile(counter());
        const step = Float32Array.of(1, 1);
        await executable.run({ step });
        const before = session.memoryBytes();
        for (let i = 0; i < 5; i++) await executable.run({ step });
        expect(session.memoryBytes()).toBe(before);
      } finally {
        session.dispose();
      }
    });

    test('overflow and NaN come back as such', async () => {
      const builder = new GraphBuilder();
      const x = builder.input('x', [fixed(2), fixed(3)], 'f32');
      const labels = builder.input('labels', [fixed(2)], 'i32');
      const squares = builder.node('sum_squares', [x], {});
      const loss = builder.node('cross_entropy', [x, labels], { ignore_index: -100 });
      const program = builder.program('overflow', { outputs: { squares, loss } });
      const ids = Int32Array.of(0, 1);
      const huge = await runOnce(device, program, { x: new Float32Array(6).fill(1e30), labels: ids });
      expect(Number.isFinite(huge['squares']?.[0])).toBe(false);
      const poisoned = Float32Array.of(1, 2, 3, 4, Number.NaN, 6);
      const nan = await runOnce(device, program, { x: poisoned, labels: ids });
      expect(Number.isFinite(nan['squares']?.[0])).toBe(false);
      expect(Number.isFinite(nan['loss']?.[1])).toBe(false);
      expect(Number.isFinite(nan['loss']?.[0])).toBe(true);
    });
  });
}

/** Of the 2-norm; devices differ from float64 sums by some units in the last place of f32. */
const TOLERANCE = 1e-5;

const counterState: StateSpec = { name: 'total', shape: [2], dtype: 'f32', kind: 'parameter' };

/** total += step */
function counter(state = 'total', size = 2): Program {
  const builder = new GraphBuilder();
  const shape = [fixed(size)];
  const sum = builder.node(
    'add',
    [builder.state(state, shape, 'parameter'), builder.input('step', shape, 'f32')],
    {},
  );
  return builder.program('counter', { outputs: { sum }, updates: { [state]: sum } });
}

export async function runOnce(device: Device, program: Program, feeds: Feeds): Promise<Outputs> {
  const session = await device.open([]);
  try {
    return await (await session.compile(program)).run(feeds);
  } finally {
    session.dispose();
  }
}

interface Trained {
  readonly losses: Float32Array;
  readonly weights: Float32Array;
  readonly m: Float32Array;
  readonly steps: number;
}

/** Logistic regression with momentum over fixed data: matmuls both ways, a softmax, an update. */
async function train(device: Device, steps: number, from?: Trained): Promise<Trained> {
  const [rows, inner, classes] = [24, 2050, 9];
  const builder = new GraphBuilder();
  const dim = (n: number) => fixed(n);
  const plain = { transpose_a: false, transpose_b: false };
  const x = builder.input('x', [dim(rows), dim(inner)], 'f32');
  const labels = builder.input('labels', [dim(rows)], 'i32');
  const weights = builder.state('weights', [dim(inner), dim(classes)], 'parameter');
  const m = builder.state('m', [dim(inner), dim(classes)], 'optimizer');
  const logits = builder.node('matmul', [x, weights], plain);
  const losses = builder.node('cross_entropy', [logits, labels], { ignore_index: -100 });
  const loss = builder.node('reduce_sum', [losses], { axes: [0], keep_dims: false });
  const ones = builder.node('constant', [], { value: 1 }, [dim(rows)]);
  const dlogits = builder.node('cross_entropy_grad', [logits, labels, ones], { ignore_index: -100 });
  const gradient = builder.node('matmul', [x, dlogits], { transpose_a: true, transpose_b: false });
  const momentum = builder.node('ema', [m, gradient], { beta: 0.9 });
  const rate = builder.node('constant', [], { value: 0.05 }, []);
  const next = builder.node('decayed_update', [weights, momentum, rate], { weight_decay: 0.1 });
  const program = builder.program('train', { outputs: { loss }, updates: { weights: next, m: momentum } });
  const session = await device.open(builder.states);
  try {
    const random = new Random(5);
    const data = Float32Array.from({ length: rows * inner }, () => random.normal());
    const ids = Int32Array.from({ length: rows }, () => random.below(classes));
    const initial = Float32Array.from({ length: inner * classes }, () => 0.02 * random.normal());
    await session.write('weights', from?.weights ?? initial);
    if (from !== undefined) await session.write('m', from.m);
    const executable = await session.compile(program);
    const seen: number[] = [];
    for (let i = 0; i < steps; i++) {
      const outputs = await executable.run({ x: data, labels: ids });
      seen.push(...(outputs['loss'] ?? []));
    }
    return {
      losses: Float32Array.from(seen),
      weights: await session.read('weights'),
      m: await session.read('m'),
      steps,
    };
  } finally {
    session.dispose();
  }
}

/** |a - b| / |b| in the 2-norm; the plain difference where b is 0. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    const wanted = b[i] ?? 0;
    difference += ((a[i] ?? Number.NaN) - wanted) ** 2;
    norm += wanted ** 2;
  }
  return Math.sqrt(difference) / (norm === 0 ? 1 : Math.sqrt(norm));
}
