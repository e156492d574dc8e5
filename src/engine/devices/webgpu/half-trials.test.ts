import { expect, test } from 'vitest';
import { GraphBuilder } from '../../graph/builder.ts';
import { fixed } from '../../graph/dim.ts';
import type { Program } from '../../graph/ir.ts';
import { f16Device } from './testing/node/f16-device.ts';

/** Two products, so that what is between them may be kept as halves. */
function products(): Program {
  const g = new GraphBuilder();
  const plain = { transpose_a: false, transpose_b: false };
  const x = g.input('x', [fixed(64), fixed(64)], 'f32');
  const y = g.node('matmul', [g.node('matmul', [x, x], plain), x], plain);
  return { ...g.program('products', { outputs: { y } }), dtype: 'float16' };
}

test('an adapter that packs halves as it should keeps them, and says that it has f16', async (context) => {
  const device = await f16Device();
  if (device === null) return context.skip('needs Dawn with SwiftShader or a GPU');
  const session = await device.open([]);
  await session.compile(products());
  const { facts } = device.gpu;
  expect([facts.half_storage, facts.f16]).toEqual([true, true]);
  expect(device.info.description).toMatch(/\bf16\b(?! stored)/);
  // x, y, and what is between them in half of the room.
  const between = 64 * 64 * 2;
  const kept = session.memoryBytes() ?? 0;
  device.dispose();
  const broken = await f16Device((code) => code.replaceAll('pack2x16float(held.zw)', '0u'));
  if (broken === null) return;
  // One that fails the gate is told of in words, and computes the same in f32.
  expect(broken.info.description).toMatch(/float16 stored as float32: word \d+ is/);
  const other = await broken.open([]);
  const executable = await other.compile(products());
  expect((other.memoryBytes() ?? 0) - kept).toBe(between);
  const { y } = await executable.run({ x: new Float32Array(64 * 64).fill(0.5) });
  expect(y).toEqual(new Float32Array(64 * 64).fill(64 * 64 * 0.125));
  broken.dispose();
});

test('an adapter whose tiles of f16 come out wrong goes without them, and says so', async (context) => {
  const device = await f16Device((code) => code.replace('f32(xs[k * 8u', '2.0 * f32(xs[k * 8u'));
  if (device === null) return context.skip('needs Dawn with SwiftShader or a GPU');
  expect(device.gpu.facts.f16).toBe(false);
  expect(device.info.description).toMatch(/no f16: word 0 is \d+ instead of \d+/);
  device.dispose();
});
