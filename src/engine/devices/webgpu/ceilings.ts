import type { Device, DeviceCeilings } from '../../device.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { fixed } from '../../graph/dim.ts';
import type { Program, StateSpec } from '../../graph/ir.ts';

/** Milliseconds that a probe should run at least, to be well above what a submit costs. */
const LONG_ENOUGH = 20;
const LARGEST_PRODUCT = 4096;
/** Elements. */
const LARGEST_COPY = 2 ** 26;

type Opener = Pick<Device, 'open'>;

/** The fastest of several runs of our own matmul and of our own copy, each larger until it takes long enough. */
export async function measureCeilings(device: Opener): Promise<DeviceCeilings> {
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

/** Milliseconds of the longest kernel, at best, over states that are not all zero. */
async function fastest(device: Opener, { program, state }: Probe): Promise<number> {
  const session = await device.open(state);
  try {
    for (const { name, shape } of state.slice(0, -1)) {
      const size = shape.reduce((a, b) => a * b, 1);
      await session.write(name, new Float32Array(size).fill(0.75));
    }
    const executable = await session.compile(program);
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 4; run++) {
      const profile = await executable.profile?.({});
      const longest = (profile?.kernels ?? []).reduce((most, { ms }) => Math.max(most, ms), 0);
      if (longest > 0) best = Math.min(best, longest);
    }
    return best;
  } finally {
    session.dispose();
  }
}

interface Probe {
  readonly program: Program;
  /** The last one is the result. */
  readonly state: readonly StateSpec[];
}

function product(size: number): Probe {
  const g = new GraphBuilder();
  const shape = [fixed(size), fixed(size)];
  const [a, b] = [g.state('a', shape, 'parameter'), g.state('b', shape, 'parameter')];
  g.state('c', shape, 'parameter');
  const c = g.node('matmul', [a, b], { transpose_a: false, transpose_b: false });
  return { program: g.program('matmul probe', { outputs: {}, updates: { c } }), state: g.states };
}

function movement(size: number): Probe {
  const g = new GraphBuilder();
  const a = g.state('a', [fixed(size)], 'parameter');
  g.state('b', [fixed(size)], 'parameter');
  return { program: g.program('copy probe', { outputs: {}, updates: { b: a } }), state: g.states };
}
