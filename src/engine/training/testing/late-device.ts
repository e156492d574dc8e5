import type { Device, Executable, Outputs } from '../../device.ts';
import { createReferenceDevice } from '../../devices/reference/device.ts';

export interface LateDevice extends Device {
  /** The most runs of training programs that were under way at a time. */
  readonly most: () => number;
  /** Reads, writes and runs of other programs that happened while a training program was under way. */
  readonly overlaps: () => number;
}

/** Of the runs of a training program: what comes out of each, counted from 0. */
export type Change = (outputs: Outputs, run: number) => Outputs | Promise<Outputs>;

/**
 * A device that answers late, as a GPU does: each run takes place at once, but its outputs arrive some
 * turns of the event loop (`turn`) afterwards, in order. It can record a step.
 */
export function lateDevice(
  turn: () => Promise<void>,
  change: Change = (outputs) => outputs,
  turns = 3,
): LateDevice {
  const inner = createReferenceDevice();
  let [under, most, overlaps, runs] = [0, 0, 0, 0];
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    if (under > 0) overlaps++;
    return work();
  };
  return {
    ...inner,
    runs_ahead: 2,
    most: () => most,
    overlaps: () => overlaps,
    async open(state) {
      const session = await inner.open(state);
      return {
        write: (name, values) => alone(() => session.write(name, values)),
        read: (name) => alone(() => session.read(name)),
        memoryBytes: () => session.memoryBytes(),
        dispose: () => session.dispose(),
        async compile(program) {
          const executable = await session.compile(program);
          if (!['step', 'accumulate', 'apply'].includes(program.name)) {
            return { ...executable, run: (feeds) => alone(() => executable.run(feeds)) };
          }
          const run: Executable['run'] = async (feeds) => {
            most = Math.max(most, ++under);
            const [computed, before, index] = [executable.run(feeds), last, runs++];
            const late = (async () => {
              await before;
              for (let i = 0; i < turns; i++) await turn();
            })();
            last = late;
            await late;
            under--;
            return await change(await computed, index);
          };
          return {
            run,
            async profile(feeds) {
              const outputs = await run(feeds);
              const kernel = {
                kernel: 'matmul',
                scope: program.name,
                start_ms: 0,
                ms: 2,
                flops: 8,
                bytes: 4,
              };
              return { outputs, total_ms: 2, clock: 'processor', kernels: [kernel] };
            },
            dispose: () => executable.dispose(),
          };
        },
      };
    },
  };
}
