import type { KernelCallOf, KernelPlan, PlanTensor } from '../../graph/lower/kernel-plan.ts';
import { sizeOf } from '../../graph/sizes.ts';
import type { WebgpuExecutable } from './executable.ts';
import type { Gpu } from './gpu.ts';
import { candidates, shapeKey, storageOf } from './kernels/matmul/choose.ts';
import { widthOf } from './spaces.ts';

type Matmul = KernelCallOf<'matmul'>;

/** Products in one run, so that a clock of 0.1 ms (a browser's) tells them apart. */
const REPEATS = 8;
const RUNS = 3;
/** Compiling several tilings takes longer than the start-up probe, whose products are smaller, may take. */
const LEAST_FLOPS = 2e8;

/** Makes the plan runnable with these variants of its kernels. */
export type CompileTuned = (
  plan: KernelPlan,
  tuned: ReadonlyMap<string, string>,
) => Promise<Pick<WebgpuExecutable, 'profile' | 'dispose'>>;

/**
 * Measures the tilings that are worth trying for each shape of product in the plan that has not been
 * measured yet, and notes the fastest in `gpu.tuned`. What cannot be measured keeps the best guess. Until a
 * choice is made nobody else sees it, and once made it stays: a run keeps its bits. `ended` says that
 * measuring was broken off, when what failed says nothing of the tiling. Returns what was noted.
 */
export async function tune(
  gpu: Pick<Gpu, 'facts' | 'device' | 'tilings' | 'tuned'>,
  plan: KernelPlan,
  compile: CompileTuned,
  ended: () => boolean,
): Promise<Readonly<Record<string, string>>> {
  if (gpu.facts.software || !gpu.device.features.has('timestamp-query')) return {};
  const noted: Record<string, string> = {};
  for (const call of plan.calls) {
    if (call.kernel !== 'matmul') continue;
    const storage = storageOf(call, (id) => plan.tensors[id] as PlanTensor);
    const key = shapeKey(call.attributes, storage);
    const variants = candidates(call.attributes, gpu.facts, storage);
    if (variants.length < 2 || gpu.tuned.has(key)) continue;
    if (call.flops < (gpu.tilings?.least_flops ?? LEAST_FLOPS)) continue;
    let best = Number.POSITIVE_INFINITY;
    let fastest: string | null = null;
    for (const variant of variants) {
      const only = new Map([[key, variant]]);
      const ms = await timeOf(alone(call, plan), (one) => compile(one, only)).catch(
        () => Number.POSITIVE_INFINITY,
      );
      if (ended()) return noted;
      if (ms < best) [best, fastest] = [ms, variant];
    }
    // Another session on this GPU device may have chosen meanwhile.
    if (fastest === null || gpu.tuned.has(key)) continue;
    gpu.tuned.set(key, fastest);
    noted[key] = fastest;
  }
  return noted;
}

async function timeOf(
  plan: KernelPlan,
  compile: (plan: KernelPlan) => ReturnType<CompileTuned>,
): Promise<number> {
  const executable = await compile(plan);
  try {
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < RUNS; run++) best = Math.min(best, (await executable.profile({})).total_ms);
    return best;
  } finally {
    executable.dispose();
  }
}

/** The product without what comes after it, several times over. */
function alone(one: Matmul, plan: KernelPlan): KernelPlan {
  const { attributes, scratch, scope, flops, bytes } = one;
  const storage = storageOf(one, (id) => plan.tensors[id] as PlanTensor);
  const types: readonly string[] = [storage.a, storage.b, storage.result];
  const { batch, m, n, k, transpose_a, transpose_b, shared_b, sums } = attributes;
  const shapes = [
    [batch, ...(transpose_a ? [k, m] : [m, k])],
    [shared_b ? 1 : batch, ...(transpose_b ? [n, k] : [k, n])],
    [batch, m, n],
    ...(sums === null ? [] : [[sums === 'a' ? m : n]]),
    ...(scratch === null ? [] : [(plan.tensors[scratch] as PlanTensor).shape]),
  ];
  let offset = 0;
  const tensors = shapes.map((shape, id): PlanTensor => {
    const at = offset;
    const dtype = types[id] === 'f16' ? 'f16' : 'f32';
    offset += Math.ceil((sizeOf(shape) * widthOf(dtype)) / 256) * 256;
    return {
      ...{ id, shape, dtype, place: { in: 'arena', offset: at } },
      ...{ offset: 0, row_stride: null, kind: 'activations' },
    };
  });
  const call: Matmul = {
    kernel: 'matmul',
    inputs: [0, 1],
    outputs: sums === null ? [2] : [2, 3],
    attributes: { ...attributes, epilogue: null },
    scratch: scratch === null ? null : shapes.length - 1,
    ...{ scope, flops, bytes },
  };
  const none = { weights: 0, gradients: 0, optimizer: 0, activations: offset, logits: 0, total: offset };
  return {
    name: 'tuning',
    tensors,
    calls: Array.from({ length: REPEATS }, () => call),
    inputs: {},
    outputs: {},
    arena_bytes: offset,
    arena: none,
    bytes: none,
  };
}
