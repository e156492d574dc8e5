import type { Device } from '../../device.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { fixed } from '../../graph/dim.ts';
import { COMMAND_ARGS, END_OF_LIST } from './assembly/layout.ts';
import type { Machine } from './machine.ts';

/** How long each measure takes: milliseconds. */
const LIMIT_MS = 400;
const SIZES = [512, 1024];
/** Well beyond the caches, in units of a quarter MiB. */
const COPY_UNITS = 192;
const COPY_UNIT = 2 ** 18;

/** FLOPs per second of the fastest of some square products, as programs run them. */
export async function bestProduct(device: Device): Promise<number> {
  let best = 0;
  for (const size of SIZES) {
    const g = new GraphBuilder();
    const shape = [fixed(size), fixed(size)];
    const [a, b] = [g.state('a', shape, 'parameter'), g.state('b', shape, 'parameter')];
    g.state('c', shape, 'parameter');
    const c = g.node('matmul', [a, b], { transpose_a: false, transpose_b: false });
    const program = g.program('product', { outputs: {}, updates: { c } });
    const session = await device.open(g.states);
    try {
      const values = Float32Array.from({ length: size * size }, (_, i) => (i % 7) - 3);
      await session.write('a', values);
      await session.write('b', values);
      const executable = await session.compile(program);
      const ms = await shortest(() => executable.run({}));
      best = Math.max(best, (2 * size ** 3 * 1000) / ms);
    } finally {
      session.dispose();
    }
  }
  return best;
}

/** Bytes per second of a copy by all threads, read and written. Nothing may be running. */
export async function bestCopy(machine: Machine): Promise<number> {
  const { heap, kernels } = machine;
  const bytes = COPY_UNITS * COPY_UNIT;
  const at = heap.take(2 * bytes, 'Memory to measure copies in');
  const list = heap.take(256, 'The commands of a measure');
  try {
    const header = [kernels.numbers.get('probe_copy') ?? 0, COPY_UNITS, COMMAND_ARGS + 12, 0];
    heap.ints(list, 11).set([...header, at, at + bytes, COPY_UNIT, END_OF_LIST, 0, 0, 0]);
    heap.ints(at, bytes / 2).fill(1); // pages that were never written to are not there yet
    return (2 * bytes * 1000) / (await shortest(() => machine.run(list)));
  } finally {
    heap.give(at, 2 * bytes);
    heap.give(list, 256);
  }
}

async function shortest(work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + LIMIT_MS;
  for (let start = performance.now(); start < end; ) {
    await work();
    const now = performance.now();
    best = Math.min(best, now - start);
    start = now;
  }
  return best;
}
