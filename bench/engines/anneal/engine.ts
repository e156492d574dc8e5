import type { Device } from '../../../src/engine/device.ts';
import { GraphBuilder } from '../../../src/engine/graph/builder.ts';
import { fixed } from '../../../src/engine/graph/dim.ts';
import { slice } from '../../../src/engine/graph/emit.ts';
import type { Program, StateSpec } from '../../../src/engine/graph/ir.ts';
import { updateFeeds } from '../../../src/engine/optimizers/update.ts';
import { buildTrainingStep } from '../../../src/engine/training/step.ts';
import type { MatmulTask, Rate } from '../../contest/calls.ts';
import { batchOf, initialWeights, type Workload } from '../../workload/workload.ts';
import { bestRate, operand } from '../best-rate.ts';
import type { Environment, StepRunner } from '../engine.ts';
import { buildRmsStep } from './rms-variant.ts';

/** Our own devices, through the interface that the training loop sees. */
export async function openDevice(name: string, environment: Environment): Promise<Device> {
  const factory = environment.factories().find((one) => one.name === name);
  if (factory === undefined) throw new Error(`There is no device ${name} here.`);
  return factory.open();
}

export async function openStep(
  name: string,
  workload: Workload,
  environment: Environment,
): Promise<StepRunner> {
  const device = await openDevice(name, environment);
  const { optimizer, batch, context, learning_rate } = workload;
  const built = buildStep(workload);
  const session = await device.open(built.state);
  for (const { name, values } of initialWeights(workload)) await session.write(name, values);
  const program = await session.compile(built.step);
  const feeds = (index: number) => ({
    ...batchOf(workload, index),
    ...updateFeeds(optimizer, learning_rate, index + 1),
    inverse_label_count: 1 / (batch * context),
  });
  return {
    description: device.info.description,
    async step(index) {
      const { loss } = await program.run(feeds(index));
      return loss?.[0] ?? Number.NaN;
    },
    async peakBytes(index) {
      await program.run(feeds(index));
      return session.memoryBytes();
    },
    ...(program.profile === undefined
      ? {}
      : {
          async profile(index) {
            const recorded = await program.profile?.(feeds(index));
            if (recorded === undefined) throw new Error(`${name} cannot record a step.`);
            const { total_ms, clock, kernels } = recorded;
            return { total_ms, clock, kernels, ceilings: (await device.ceilings?.()) ?? null };
          },
        }),
  };
}

function buildStep(workload: Workload): { readonly state: readonly StateSpec[]; readonly step: Program } {
  const { model, optimizer, batch, context, variant, dtype } = workload;
  if (variant === 'rms') return buildRmsStep(workload);
  const { state, update } = buildTrainingStep({ model, optimizer, batch, context, dtype, accumulation: 1 });
  if (update.mode !== 'fused') throw new Error('A step without accumulation is one program.');
  return { state, step: update.step };
}

/** A program of one product, and of the sum of its result, so that what is read back is one number. */
export async function matmul(
  name: string,
  { m, n, k, transpose_a, transpose_b, seconds }: MatmulTask,
  environment: Environment,
): Promise<Rate> {
  const device = await openDevice(name, environment);
  try {
    return await bestRate(2 * m * n * k, seconds, await product(device));
  } finally {
    device.dispose();
  }

  async function product(device: Device): Promise<() => Promise<void>> {
    const g = new GraphBuilder();
    const a = g.state('a', (transpose_a ? [k, m] : [m, k]).map(fixed), 'parameter');
    const b = g.state('b', (transpose_b ? [n, k] : [k, n]).map(fixed), 'parameter');
    g.state('c', [fixed(m), fixed(n)], 'parameter');
    const c = g.node('matmul', [a, b], { transpose_a, transpose_b });
    // The product is kept as state; only a corner of it is read back.
    const corner = slice(g, c, [0, 0], [fixed(1), fixed(1)]);
    const program = g.program('product', { outputs: { corner }, updates: { c } });
    const session = await device.open(g.states);
    await session.write('a', operand(m * k));
    await session.write('b', operand(k * n));
    const executable = await session.compile(program);
    return async () => {
      await executable.run({});
    };
  }
}
