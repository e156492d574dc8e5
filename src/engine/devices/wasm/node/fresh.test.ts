import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../../../base/random.ts';
import type { Device, Feed, Feeds, Outputs } from '../../../device.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import { fixed } from '../../../graph/dim.ts';
import type { Node, OpName, Program, StateSpec } from '../../../graph/ir.ts';
import { lower } from '../../../graph/lower/lower.ts';
import { stateLayout } from '../../../graph/lower/state-layout.ts';
import { presetModel } from '../../../graph/lower/testing/presets.ts';
import { randomProgram } from '../../../graph/testing/random-program.ts';
import { updateFeeds } from '../../../optimizers/update.ts';
import type { Gpt2Config, LlamaConfig, ModelConfig, OptimizerConfig } from '../../../training/spec.ts';
import { planTrainingStep } from '../../../training/step.ts';
import { relativeError } from '../../acceptance.ts';
import { OP_CASES } from '../../acceptance-cases.ts';
import type { OpCase } from '../../acceptance-operands.ts';
import { createReferenceDevice } from '../../reference/device.ts';
import { openWasmDevice } from '../device.ts';
import type { Machine } from '../machine.ts';
import { nodeHost } from './host.ts';
import { insideOf, madeOf, norm2 } from './testing/made-of.ts';

// New numbers each time; ANNEAL_SEED brings those of an earlier run back.
const seed = Number(process.env['ANNEAL_SEED'] ?? Date.now() % 2 ** 31);
console.info(`ANNEAL_SEED=${seed}`);

let device: Device;
const reference = createReferenceDevice();
beforeAll(async () => {
  device = await openWasmDevice(nodeHost(), { threads: 3, poison: true });
});
afterAll(() => device.dispose());

async function runOnce(on: Device, program: Program, feeds: Feeds): Promise<Outputs> {
  const session = await on.open([]);
  try {
    return await (await session.compile(program)).run(feeds);
  } finally {
    session.dispose();
  }
}

function caseProgram(op: OpName, { inputs, attributes, target }: OpCase<OpName>) {
  const builder = new GraphBuilder();
  const feeds: Record<string, Float32Array | Int32Array> = {};
  const nodes = inputs.map((operand, i) => {
    feeds[i] = 'ids' in operand ? operand.ids : operand.values;
    return builder.input(String(i), operand.shape.map(fixed), 'ids' in operand ? 'i32' : 'f32');
  });
  const out = builder.node(op, nodes, attributes as never, target?.map(fixed));
  return { program: builder.program(op, { outputs: { out } }), feeds };
}

test('every op on fresh shapes and numbers', async () => {
  for (const op of Object.keys(OP_CASES) as (keyof typeof OP_CASES)[]) {
    for (let round = 0; round < 2; round++) {
      const cases = OP_CASES[op](new Random(seed + round)) as readonly OpCase<OpName>[];
      for (const [i, one] of cases.entries()) {
        const { program, feeds } = caseProgram(op, one);
        const [wanted, got] = [
          await runOnce(reference, program, feeds),
          await runOnce(device, program, feeds),
        ];
        const error = relativeError(got['out'] ?? [], wanted['out'] ?? []);
        const shapes = one.inputs.map(({ shape }) => `[${shape}]`).join(' ');
        let allowed = 1e-5;
        if (!(error < allowed)) {
          const { out = 0 } = await madeOf((fed) => runOnce(reference, program, fed), feeds, wanted, seed);
          allowed *= Math.max(1, (out + insideOf(op, one)) / (norm2(wanted['out'] ?? []) || 1));
        }
        expect(error, `${op} of ${shapes}, case ${i}, seed ${seed + round}`).toBeLessThan(allowed);
      }
    }
  }
});

/** Outputs, and states as they are afterwards. */
async function runWith(on: Device, program: Program, numbers: Feeds): Promise<Outputs> {
  const states = Object.entries(program.state).map(
    ([name, id]): StateSpec => ({
      name,
      shape: program.nodes[id]?.shape ?? [],
      dtype: 'f32',
      kind: 'parameter',
    }),
  );
  const session = await on.open(states);
  for (const { name } of states) await session.write(name, numbers[name] as Float32Array);
  const fed = Object.entries(numbers).filter(([name]) => name in program.inputs);
  const results = { ...(await (await session.compile(program)).run(Object.fromEntries(fed))) };
  for (const { name } of states) results[name] = await session.read(name);
  session.dispose();
  return results;
}

test('random programs, fused, compute what reference computes', async () => {
  for (let round = 0; round < 60; round++) {
    const { program, feeds, state } = randomProgram(seed + round);
    const numbers = Object.fromEntries(
      Object.entries({ ...feeds, ...state }).map(([name, values]) => [name, Float32Array.from(values)]),
    );
    const wanted = await runWith(reference, program, numbers);
    const got = await runWith(device, program, numbers);
    for (const [name, values] of Object.entries(wanted)) {
      // Values grow over forty ops, and with them what was rounded at each.
      let allowed = 1e-3;
      const error = relativeError(got[name] ?? [], values);
      if (!(error < allowed)) {
        const made = await madeOf((fed) => runWith(reference, program, fed), numbers, wanted, seed);
        allowed *= Math.max(1, (made[name] ?? 0) / (norm2(values) || 1));
      }
      expect(error, `${name} of random program ${seed + round}`).toBeLessThan(allowed);
    }
  }
});

const SPECIAL = Float32Array.of(
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1, -1, 0.5, -2.5, 88.5, -88.5],
  ...[1e-40, -1e-40, 1.4e-45, 3e38, -3e38, 1e-38, 100, -100, 1e20, -1e20, 1e-20],
);
const UNARY = [
  ...(['neg', 'exp', 'log', 'sqrt', 'rsqrt', 'square', 'abs', 'sign', 'tanh', 'sigmoid', 'relu'] as const),
  ...(['gelu', 'gelu_new', 'silu'] as const),
];
const BINARY = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'greater', 'relu_grad'] as const;

/** Not a number where that is wanted, infinite where that is; else near, or both below normal numbers. */
function expectAlike(got: ArrayLike<number>, wanted: ArrayLike<number>, what: (i: number) => string): void {
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [got[i] as number, wanted[i] as number];
    if (Object.is(a, b) || a === b) continue;
    expect(Math.abs(a - b) <= 1e-5 * Math.abs(b) + 1.2e-38, `${what(i)} is ${a} instead of ${b}`).toBe(true);
  }
}

test('infinities, what is not a number and what is below normal go through elementwise ops', async () => {
  const n = SPECIAL.length;
  for (const op of UNARY) {
    const one = { inputs: [{ shape: [n], values: SPECIAL }], attributes: {} } as unknown as OpCase<OpName>;
    const { program, feeds } = caseProgram(op, one);
    const [wanted, got] = [await runOnce(reference, program, feeds), await runOnce(device, program, feeds)];
    expectAlike(got['out'] ?? [], wanted['out'] ?? [], (i) => `${op}(${SPECIAL[i]})`);
  }
  const values = (pick: (i: number) => number) =>
    Float32Array.from({ length: n * n }, (_, i) => SPECIAL[pick(i)] ?? 0);
  const [a, b] = [values((i) => i % n), values((i) => Math.floor(i / n))];
  for (const op of BINARY) {
    const inputs = [a, b].map((values) => ({ shape: [n * n], values }));
    const { program, feeds } = caseProgram(op, { inputs, attributes: {} } as unknown as OpCase<OpName>);
    const [wanted, got] = [await runOnce(reference, program, feeds), await runOnce(device, program, feeds)];
    expectAlike(got['out'] ?? [], wanted['out'] ?? [], (i) => `${op}(${a[i]}, ${b[i]})`);
  }
});

test('what is not a number stays in its row, and is not lost', async () => {
  const [rows, width] = [7, 37];
  const random = new Random(seed);
  const x = Float32Array.from({ length: rows * width }, () => random.normal());
  x[2 * width + 5] = Number.NaN;
  x[4 * width + 36] = Number.POSITIVE_INFINITY;
  const g = new GraphBuilder();
  const input = g.input('x', [fixed(rows), fixed(width)], 'f32');
  const vector = (value: number) => g.node('constant', [], { value }, [fixed(width)]);
  const labels = g.input('labels', [fixed(rows)], 'i32');
  const outputs: Record<string, Node> = {
    softmax: g.node('softmax', [input], {}),
    layer_norm: g.node('layer_norm', [input, vector(1), vector(0)], { epsilon: 1e-5 }),
    rms_norm: g.node('rms_norm', [input, vector(1)], { epsilon: 1e-5 }),
    rows: g.node('reduce_sum', [input], { axes: [1], keep_dims: false }),
    columns: g.node('reduce_sum', [input], { axes: [0], keep_dims: false }),
    most: g.node('reduce_max', [input], { axes: [1], keep_dims: false }),
    squares: g.node('sum_squares', [input], {}),
    loss: g.node('cross_entropy', [input, labels], { ignore_index: -100 }),
    product: g.node('matmul', [input, input], { transpose_a: false, transpose_b: true }),
  };
  const program = g.program('rows', { outputs });
  const feeds = { x, labels: Int32Array.from({ length: rows }, (_, i) => i) };
  const [wanted, got] = [await runOnce(reference, program, feeds), await runOnce(device, program, feeds)];
  for (const name in outputs) {
    const [a, b] = [got[name] ?? new Float32Array(0), wanted[name] ?? new Float32Array(0)];
    for (const [i, value] of b.entries()) {
      expect(Number.isNaN(a[i]), `${name} ${i}: ${a[i]} instead of ${value}`).toBe(Number.isNaN(value));
      if (Number.isFinite(value)) expect(a[i], `${name} ${i}`).toBeCloseTo(value, 4);
    }
  }
});

const optimizer: OptimizerConfig = {
  ...{ optim: 'adamw', weight_decay: 0.1, max_grad_norm: 1 },
  ...{ adam_beta1: 0.9, adam_beta2: 0.99, adam_epsilon: 1e-8 },
};

interface Work {
  readonly program: Program;
  readonly state: readonly StateSpec[];
  /** Labels in a batch. */
  readonly labels: number;
  readonly vocab: number;
}

function stepOf(model: ModelConfig, batch: number, context: number): Work {
  const { update, state } = planTrainingStep({ model, optimizer, batch, context, accumulation: 1 });
  if (update?.mode !== 'fused' || state === null)
    throw new Error('a step without accumulation is one program');
  return { program: update.step, state, labels: batch * context, vocab: model.vocab_size };
}

function smallStep(): Work {
  const model = { ...(presetModel('gpt2', 'small') as Gpt2Config), attn_pdrop: 0.1, resid_pdrop: 0.1 };
  return stepOf(model, 3, 64);
}

interface Trained {
  readonly losses: readonly number[];
  readonly weights: readonly Float32Array[];
}

async function train(on: Device, { program, state, labels, vocab }: Work, steps: number): Promise<Trained> {
  const random = new Random(seed);
  const session = await on.open(state);
  for (const { name, shape, kind } of state) {
    const size = shape.reduce((a, b) => a * b, 1);
    // Around 1 what multiplies as a vector, around 0 the matrices.
    const centre = shape.length === 1 && !name.endsWith('bias') ? 1 : 0;
    const values = Float32Array.from({ length: size }, () => centre + 0.1 * random.normal());
    if (kind === 'parameter') await session.write(name, values);
  }
  const executable = await session.compile(program);
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const feeds: Record<string, Feed> = { ...updateFeeds(optimizer, 1e-3, step) };
    for (const [name, id] of Object.entries(program.inputs)) {
      const { dtype, shape } = program.nodes[id] as Node;
      if (dtype !== 'i32') continue;
      const size = shape.reduce((a, b) => a * b, 1);
      feeds[name] = Int32Array.from({ length: size }, () => random.below(vocab));
    }
    const { loss } = await executable.run({ inverse_label_count: 1 / labels, ...feeds });
    losses.push(loss?.[0] ?? Number.NaN);
  }
  const weights: Float32Array[] = [];
  for (const { name } of state) weights.push(await session.read(name));
  session.dispose();
  return { losses, weights };
}

test('training steps of models of odd sizes agree with reference', async () => {
  const random = new Random(seed);
  for (let round = 0; round < 4; round++) {
    const [heads, time, batch] = [1 + random.below(4), 3 + random.below(30), 1 + random.below(4)];
    const shared = random.pick([1, heads]);
    const [gpt2, llama] = [presetModel('gpt2', 'small'), presetModel('llama', 'small')];
    const models = [
      {
        ...(gpt2 as Gpt2Config),
        ...{ vocab_size: 5 + random.below(60), n_positions: time, n_embd: heads * (1 + random.below(20)) },
        ...{ n_layer: 2, n_head: heads, bias: random.below(2) === 0, attn_pdrop: 0.2, resid_pdrop: 0.1 },
        activation_function: random.pick(['gelu', 'gelu_new', 'relu'] as const),
      },
      {
        ...(llama as LlamaConfig),
        ...{
          vocab_size: 5 + random.below(60),
          max_position_embeddings: time,
          hidden_size: 4 + random.below(40),
        },
        ...{ intermediate_size: 3 + random.below(50), num_hidden_layers: 2, num_attention_heads: heads },
        ...{ num_key_value_heads: shared, head_dim: 2 * (1 + random.below(12)) },
        tie_word_embeddings: random.below(2) === 0,
      },
    ];
    for (const model of models) {
      const work = stepOf(model, batch, time);
      const [wanted, got] = [await train(reference, work, 2), await train(device, work, 2)];
      const what = `${JSON.stringify(model)}, batch ${batch}, seed ${seed}`;
      expect(relativeError(got.losses, wanted.losses), what).toBeLessThan(1e-4);
      for (const [i, values] of wanted.weights.entries()) {
        // AdamW's first steps are signs of gradients: where one is rounding, it may go the other way.
        const error = relativeError(got.weights[i] ?? [], values);
        if (work.state[i]?.kind === 'parameter')
          expect(error, `${work.state[i]?.name} ${what}`).toBeLessThan(2e-3);
      }
    }
  }
});

test('a training step with dropout has the same bits on any number of threads', async () => {
  const first = await train(device, smallStep(), 4);
  expect(first.losses.every(Number.isFinite)).toBe(true);
  for (const threads of [1, 2, 5]) {
    const other = await openWasmDevice(nodeHost(), { threads });
    const { losses, weights } = await train(other, smallStep(), 4);
    expect(losses).toEqual(first.losses);
    // One by one, `toEqual` takes longer than the training.
    for (const [i, values] of weights.entries()) {
      const bits = Buffer.from(values.buffer);
      expect(bits.equals(Buffer.from(first.weights[i]?.buffer ?? new ArrayBuffer(0))), `state ${i}`).toBe(
        true,
      );
    }
    other.dispose();
  }
}, 300_000); // five threads wait for each other wherever there are fewer processors

test('a session holds what its plan says, and the device little more', async () => {
  const { program, state } = smallStep();
  const bytes = stateLayout(state).total + lower(program).arena_bytes;
  const on = await openWasmDevice(nodeHost(), { threads: 2 });
  const session = await on.open(state);
  const executable = await session.compile(program);
  expect(Math.abs((session.memoryBytes() ?? 0) - bytes)).toBeLessThanOrEqual(0.01 * bytes);
  const held = (on as unknown as { machine: Machine }).machine.heap.taken;
  expect(held).toBeLessThanOrEqual(1.05 * bytes);
  executable.dispose();
  on.dispose();
});
