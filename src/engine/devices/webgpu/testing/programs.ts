import { GraphBuilder } from '../../../graph/builder.ts';
import { fixed } from '../../../graph/dim.ts';
import type { Program, StateSpec } from '../../../graph/ir.ts';

/** Small programs for tests of what is around them. */

export const step = Float32Array.of(1, 2, 3);
export const states: readonly StateSpec[] = [{ name: 'total', shape: [3], dtype: 'f32', kind: 'parameter' }];

/** total <- 2 * |total + step| */
export function doubling(): Program {
  const graph = new GraphBuilder();
  const total = graph.state('total', [fixed(3)], 'parameter');
  const sum = graph.node('add', [total, graph.input('step', [fixed(3)], 'f32')], {});
  const two = graph.node('constant', [], { value: 2 }, []);
  const last = graph.node('abs', [graph.node('mul', [sum, two], {})], {});
  return graph.program('doubling', { outputs: { last }, updates: { total: last } });
}

/** A program with an arena of at least four bytes an element. */
export function wide(elements: number): Program {
  const graph = new GraphBuilder();
  const x = graph.input('x', [fixed(1)], 'f32');
  const many = graph.node('broadcast_to', [x], {}, [fixed(elements)]);
  return graph.program('wide', { outputs: { total: graph.node('sum_squares', [many], {}) } });
}
