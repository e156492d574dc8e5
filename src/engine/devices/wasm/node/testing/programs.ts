import { expect } from 'vitest';
import type { Session } from '../../../../device.ts';
import { GraphBuilder } from '../../../../graph/builder.ts';
import { fixed } from '../../../../graph/dim.ts';
import type { Program, StateSpec } from '../../../../graph/ir.ts';

export const states: readonly StateSpec[] = [{ name: 'total', shape: [3], dtype: 'f32', kind: 'parameter' }];
export const step = Float32Array.of(1, 2, 3);

/** total += step */
export function counter(): Program {
  const graph = new GraphBuilder();
  const shape = [fixed(3)];
  const total = graph.state('total', shape, 'parameter');
  const sum = graph.node('add', [total, graph.input('step', shape, 'f32')], {});
  return graph.program('counter', { outputs: { sum }, updates: { total: sum } });
}

/** Some hundred milliseconds of work: x times itself, over and over. */
export function long(size = 768, times = 12): Program {
  const graph = new GraphBuilder();
  let x = graph.input('x', [fixed(size), fixed(size)], 'f32');
  for (let i = 0; i < times; i++) {
    x = graph.node('matmul', [x, x], { transpose_a: false, transpose_b: false });
  }
  return graph.program('long', { outputs: { sum: graph.node('sum_squares', [x], {}) } });
}
export const longFeed = { x: new Float32Array(768 * 768).fill(1e-3) };

/** Runs `counter` on fresh state so often. */
export async function countsTo(session: Session, times: number): Promise<void> {
  const executable = await session.compile(counter());
  for (let i = 0; i < times; i++) await executable.run({ step });
  expect([...(await session.read('total'))]).toEqual([times, 2 * times, 3 * times]);
}
