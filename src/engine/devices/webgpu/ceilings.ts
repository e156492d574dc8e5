import type { Device, DeviceCeilings, Session } from '../../device.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { fixed } from '../../graph/dim.ts';
import type { Program, StateSpec } from '../../graph/ir.ts';
import { sizeOf } from '../../graph/sizes.ts';

/**
 * Milliseconds of a probe that is worth counting: a browser's clock counts in steps of 0.1, and shows shorter
 * kernels as too fast or as no time at all.
 */
const TELLING = 5;
/** Nor does one that takes as long as this need a larger one after it. */
const LONG_ENOUGH = 20;
const RUNS = 4;
/** Runs that are added up where even the largest probe is short. */
const MOST_RUNS = 64;
const LARGEST_PRODUCT = 4096;
/** Elements. */
const LARGEST_COPY = 2 ** 26;

type Opener = Pick<Device, 'open'>;

/** The fastest of several runs of our own matmul and of our own copy, each larger until it takes long enough. */
export async function measureCeilings(device: Opener): Promise<DeviceCeilings> {
  const products: Probe[] = [];
  for (let size = 256; size <= LARGEST_PRODUCT; size *= 2) products.push(product(size));
  const copies: Probe[] = [];
  for (let size = 2 ** 20; size <= LARGEST_COPY; size *= 4) copies.push(movement(size));
  return {
    flops_per_second: await bestRate(device, products),
    bytes_per_second: await bestRate(device, copies),
  };
}

/** Work per second, of probes that grow; 0 where the device's clock tells nothing. */
async function bestRate(device: Opener, probes: readonly Probe[]): Promise<number> {
  let best = 0;
  for (const [i, probe] of probes.entries()) {
    const last = i === probes.length - 1;
    const session = await device.open(probe.state);
    try {
      const time = await prepared(session, probe);
      let ms = Number.POSITIVE_INFINITY;
      for (let run = 0; run < RUNS; run++) ms = Math.min(ms, await time());
      if (ms >= TELLING) best = Math.max(best, probe.work / (ms / 1000));
      if (ms >= LONG_ENOUGH) break;
      if (last && best === 0) best = probe.work / ((await average(time)) / 1000);
    } finally {
      session.dispose();
    }
  }
  return best;
}

/** What the clock's steps add to one run and take from another comes out even. Infinite where it never moves. */
async function average(time: () => Promise<number>): Promise<number> {
  let sum = 0;
  let runs = 0;
  while (sum < LONG_ENOUGH && runs < MOST_RUNS) {
    sum += await time();
    runs++;
  }
  return sum > 0 ? sum / runs : Number.POSITIVE_INFINITY;
}

/** Milliseconds of the longest kernel of a run, over states that are not all zero. */
async function prepared(session: Session, { program, state }: Probe): Promise<() => Promise<number>> {
  for (const { name, shape } of state.slice(0, -1)) {
    const size = sizeOf(shape);
    await session.write(name, new Float32Array(size).fill(0.75));
  }
  const executable = await session.compile(program);
  return async () => {
    const profile = await executable.profile?.({});
    return (profile?.kernels ?? []).reduce((most, { ms }) => Math.max(most, ms), 0);
  };
}

interface Probe {
  readonly program: Program;
  /** The last one is the result. */
  readonly state: readonly StateSpec[];
  /** FLOPs or bytes. */
  readonly work: number;
}

function product(size: number): Probe {
  const g = new GraphBuilder();
  const shape = [fixed(size), fixed(size)];
  const [a, b] = [g.state('a', shape, 'parameter'), g.state('b', shape, 'parameter')];
  g.state('c', shape, 'parameter');
  const c = g.node('matmul', [a, b], { transpose_a: false, transpose_b: false });
  const program = g.program('matmul probe', { outputs: {}, updates: { c } });
  return { program, state: g.states, work: 2 * size ** 3 };
}

function movement(size: number): Probe {
  const g = new GraphBuilder();
  const a = g.state('a', [fixed(size)], 'parameter');
  g.state('b', [fixed(size)], 'parameter');
  const program = g.program('copy probe', { outputs: {}, updates: { b: a } });
  return { program, state: g.states, work: 8 * size };
}
