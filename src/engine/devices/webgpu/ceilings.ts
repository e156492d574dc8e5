import type { DeviceCeilings, Session } from '../../device.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { fixed } from '../../graph/dim.ts';
import type { Program } from '../../graph/ir.ts';
import type { WebgpuDevice } from './device.ts';

/** Milliseconds that a probe should run at least, to be well above what a submit costs. */
const LONG_ENOUGH = 20;
const LARGEST_PRODUCT = 4096;
const LARGEST_COPY = 2 ** 26;

/** The fastest of several runs of our own matmul and of our own copy, each larger until it takes long enough. */
export async function measureCeilings(device: WebgpuDevice): Promise<DeviceCeilings> {
  let flops_per_second = 0;
  for (let size = 256; size <= LARGEST_PRODUCT; size *= 2) {
    const ms = await fastest(device, product(size));
    flops_per_second = Math.max(flops_per_second, (2 * size ** 3) / (ms / 1000));
    if (ms >= LONG_ENOUGH) break;
  }
  let bytes_per_second = 0;
  for (let size = 2 ** 20; size <= LARGEST_COPY; size *= 4) {
    const ms = await fastest(device, movement(size));
    bytes_per_second = Math.max(bytes_per_second, (8 * size) / (ms / 1000));
    if (ms >= LONG_ENOUGH) break;
  }
  return { flops_per_second, bytes_per_second };
}

/** Milliseconds of the program's longest kernel, at best. */
async function fastest(device: WebgpuDevice, program: Program): Promise<number> {
  const session: Session = await device.open([]);
  try {
    const executable = await session.compile(program);
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 4; run++) {
      const kernels = (await executable.profile?.({ seed: run }))?.kernels ?? [];
      const probe = kernels.find(({ scope }) => scope === 'probe');
      if (probe !== undefined && probe.ms > 0) best = Math.min(best, probe.ms);
    }
    return best;
  } finally {
    session.dispose();
  }
}

/** The operands are filled on the device; the result is summed, so that nobody may leave it out. */
function product(size: number): Program {
  const g = new GraphBuilder();
  const seed = g.input('seed', [], 'f32');
  const shape = [fixed(size), fixed(size)];
  const a = g.node('broadcast_to', [seed], {}, shape);
  const b = g.node('affine', [a], { factor: 0.5, offset: 1 });
  const y = g.within('probe', () => g.node('matmul', [a, b], { transpose_a: false, transpose_b: false }));
  return g.program('matmul probe', {
    outputs: { y: g.node('reduce_max', [y], { axes: [0, 1], keep_dims: false }) },
  });
}

function movement(size: number): Program {
  const g = new GraphBuilder();
  const seed = g.input('seed', [], 'f32');
  const a = g.node('broadcast_to', [seed], {}, [fixed(size)]);
  const y = g.within('probe', () => g.node('slice', [a], { begin: [0] }, [fixed(size)]));
  return g.program('copy probe', {
    outputs: { y: g.node('reduce_max', [y], { axes: [0], keep_dims: false }) },
  });
}
