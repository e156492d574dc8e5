import { Random } from '../../base/random.ts';
import type { Device } from '../device.ts';
import { gradients } from '../graph/autodiff.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { fixed } from '../graph/dim.ts';
import { affine, matmul, mul, reduceSum } from '../graph/emit.ts';
import type { Program, StateSpec } from '../graph/ir.ts';

/** One small training step with the ops that decide a real one: about 0.2 GFLOP. */

const [ROWS, WIDTH, HIDDEN, CLASSES] = [256, 256, 512, 65];

export interface ProbeResult {
  /** The weights after two runs, and the losses of these. */
  readonly values: readonly Float32Array[];
  /** The shortest run after the first, which also compiles; milliseconds. */
  readonly ms: number;
}

function buildProbe(): { readonly program: Program; readonly state: readonly StateSpec[] } {
  const graph = new GraphBuilder();
  const rate = graph.input('learning_rate', [], 'f32');
  const x = graph.input('x', [fixed(ROWS), fixed(WIDTH)], 'f32');
  const labels = graph.input('labels', [fixed(ROWS)], 'i32');
  const parameter = (name: string, ...shape: number[]) => graph.state(name, shape.map(fixed), 'parameter');
  const [scale, shift] = [parameter('scale', WIDTH), parameter('shift', WIDTH)];
  const [first, second] = [parameter('first', WIDTH, HIDDEN), parameter('second', HIDDEN, CLASSES)];
  const normal = graph.node('layer_norm', [x, scale, shift], { epsilon: 1e-5 });
  const hidden = graph.node('gelu_new', [matmul(graph, normal, first)], {});
  const losses = graph.node('cross_entropy', [matmul(graph, hidden, second), labels], { ignore_index: -100 });
  const loss = affine(graph, reduceSum(graph, losses, [0]), 1 / ROWS);
  const parameters = { scale, shift, first, second };
  const slopes = gradients(graph, loss, Object.values(parameters));
  const updates: Record<string, (typeof slopes)[number]> = {};
  for (const [i, [name, value]] of Object.entries(parameters).entries()) {
    const slope = slopes[i];
    if (slope !== undefined) updates[name] = graph.node('sub', [value, mul(graph, slope, rate)], {});
  }
  return { program: graph.program('probe', { outputs: { loss }, updates }), state: graph.states };
}

/** A step that takes longer than this is timed once: milliseconds. */
const LONG_MS = 150;
/** Quick steps go on for so long: for a tenth of a second others may have had the processor, the whole of it or half. */
const WATCHED_MS = 250;
const MOST_RUNS = 30;

/** Runs the step twice and compares that; quick ones go on for a better time. `elapsed`: monotonic milliseconds. */
export async function runProbe(device: Device, elapsed: () => number): Promise<ProbeResult> {
  const { program, state } = buildProbe();
  const session = await device.open(state);
  try {
    const random = new Random(20_251);
    const normal = (size: number, deviation: number) =>
      Float32Array.from({ length: size }, () => deviation * random.normal());
    const feeds = {
      x: normal(ROWS * WIDTH, 1),
      labels: Int32Array.from({ length: ROWS }, () => random.below(CLASSES)),
      learning_rate: 0.5,
    };
    await session.write('scale', new Float32Array(WIDTH).fill(1));
    await session.write('first', normal(WIDTH * HIDDEN, 0.06));
    await session.write('second', normal(HIDDEN * CLASSES, 0.06));
    const executable = await session.compile(program);
    const run = async () => {
      const start = elapsed();
      const { loss } = await executable.run(feeds);
      return { ms: elapsed() - start, loss: loss ?? new Float32Array(0) };
    };
    const [first, second] = [await run(), await run()];
    const weights = [await session.read('first'), await session.read('second')];
    let { ms } = second;
    const began = elapsed();
    for (let more = 0; more < MOST_RUNS && ms < LONG_MS && elapsed() - began < WATCHED_MS; more++)
      ms = Math.min(ms, (await run()).ms);
    return { values: [first.loss, second.loss, ...weights], ms };
  } finally {
    session.dispose();
  }
}
