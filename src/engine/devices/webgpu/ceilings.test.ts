import { expect, test } from 'vitest';
import type { Executable, Session } from '../../device.ts';
import type { Program } from '../../graph/ir.ts';
import { measureCeilings } from './ceilings.ts';

interface Speeds {
  readonly flops_per_second: number;
  readonly bytes_per_second: number;
  /** Milliseconds between two values of its clock. */
  readonly tick: number;
}

/** A device on which kernels take as long as its speeds say, as a clock with ticks shows it. */
function deviceOf({ flops_per_second, bytes_per_second, tick }: Speeds) {
  let now = 0.37;
  let runs = 0;
  const shown = (ms: number) => (tick === 0 ? ms : Math.floor(ms / tick) * tick);
  const profile = (program: Program): Executable['profile'] => {
    const size = program.nodes[0]?.shape.reduce((a, b) => a * b, 1) ?? 0;
    const ms = program.name.startsWith('matmul')
      ? (2000 * size ** 1.5) / flops_per_second
      : (8000 * size) / bytes_per_second;
    return async () => {
      runs++;
      now += 0.31;
      const start = shown(now);
      now += ms;
      const timing = { start_ms: 0, ms: shown(now) - start, flops: 0, bytes: 0 };
      const kernels = [{ kernel: 'probe', scope: '', ...timing }];
      return { outputs: {}, clock: 'timestamp-query', total_ms: timing.ms, kernels };
    };
  };
  const session = {
    write: async () => {},
    dispose: () => {},
    compile: async (program: Program) => ({ profile: profile(program) }),
  };
  return { open: async () => session as unknown as Session, runs: () => runs };
}

test.each([1e9, 3e10, 1e12, 2e13, 8e13])('%d FLOP/s are found with a clock of 0.1 ms', async (speed) => {
  const speeds = { flops_per_second: speed, bytes_per_second: speed / 15 };
  for (const tick of [0, 0.1]) {
    const found = await measureCeilings(deviceOf({ ...speeds, tick }));
    expect(Math.abs(found.flops_per_second / speed - 1), `tick ${tick}`).toBeLessThan(0.05);
    expect(Math.abs((found.bytes_per_second * 15) / speed - 1), `tick ${tick}`).toBeLessThan(0.05);
  }
});

test('a clock that never moves ends with no speed, not with an endless one', async () => {
  const device = deviceOf({ flops_per_second: 1e12, bytes_per_second: 1e11, tick: 1e9 });
  expect(await measureCeilings(device)).toEqual({ flops_per_second: 0, bytes_per_second: 0 });
  expect(device.runs()).toBeLessThan(250);
});
