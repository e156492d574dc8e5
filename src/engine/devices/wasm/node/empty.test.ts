import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Device } from '../../../device.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import { fixed } from '../../../graph/dim.ts';
import type { Node } from '../../../graph/ir.ts';
import { createReferenceDevice } from '../../reference/device.ts';
import { openWasmDevice } from '../device.ts';
import { nodeHost } from './host.ts';

/** Sums and products of nothing are 0 and are written; what has no elements holds nobody up. */
const devices: Record<'wasm' | 'reference', Device | null> = { wasm: null, reference: null };
beforeAll(async () => {
  devices.wasm = await openWasmDevice(nodeHost(), { threads: 2, poison: true });
  devices.reference = createReferenceDevice();
});
afterAll(() => devices.wasm?.dispose());

type Make = (g: GraphBuilder, input: (...shape: number[]) => Node) => Node;
const plain = { transpose_a: false, transpose_b: false };
const cases: Readonly<Record<string, Make>> = {
  'a sum over columns': (g, x) => g.node('reduce_sum', [x(3, 0, 4)], { axes: [1], keep_dims: false }),
  'a sum over rows': (g, x) => g.node('reduce_sum', [x(5, 0)], { axes: [1], keep_dims: false }),
  'a maximum': (g, x) => g.node('reduce_max', [x(3, 0)], { axes: [1], keep_dims: false }),
  'a sum of squares': (g, x) => g.node('sum_squares', [x(0)], {}),
  'a narrow product': (g, x) => g.node('matmul', [x(3, 0), x(0, 5)], plain),
  'a narrow product, transposed': (g, x) =>
    g.node('matmul', [x(3, 0), x(5, 0)], { transpose_a: false, transpose_b: true }),
  'a product': (g, x) => g.node('matmul', [x(20, 0), x(0, 50)], plain),
  'a product, and a row': (g, x) => g.node('add', [g.node('matmul', [x(20, 0), x(0, 50)], plain), x(50)], {}),
  'a product without rows': (g, x) => g.node('matmul', [x(0, 30), x(30, 5)], plain),
  'a softmax': (g, x) => g.node('softmax', [x(0, 4)], {}),
};

test.each(Object.entries(cases))('%s of nothing is what the reference makes of it', async (name, make) => {
  const results = [];
  for (const device of [devices.wasm, devices.reference]) {
    const graph = new GraphBuilder();
    const feeds: Record<string, Float32Array> = {};
    const out = make(graph, (...shape) => {
      const input = `x${Object.keys(feeds).length}`;
      feeds[input] = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(2);
      return graph.input(input, shape.map(fixed), 'f32');
    });
    const session = await device?.open([]);
    const executable = await session?.compile(graph.program(name, { outputs: { out } }));
    results.push((await executable?.run(feeds))?.out ?? expect.fail('nothing came out'));
    session?.dispose();
  }
  expect(results[0]).toEqual(results[1]);
});
