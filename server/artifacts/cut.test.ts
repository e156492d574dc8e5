import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { writeSafetensors } from '../../src/engine/formats/safetensors.ts';
import { cutsOf } from './cut.ts';

const cut = (bytes: Uint8Array) =>
  cutsOf(bytes.length, async ({ start, end }) =>
    Readable.from([Buffer.from(bytes.subarray(start, end + 1))]),
  );

function tensors(...sizes: readonly number[]): Uint8Array {
  return writeSafetensors(
    sizes.map((size, i) => ({
      name: `t${i}`,
      dtype: 'F32',
      shape: [size / 4],
      data: new Float32Array(size / 4),
    })),
  );
}

test('a safetensors file is cut at its tensors, small ones together', async () => {
  const file = tensors(8192, 16384, 40, 40, 8192);
  const cuts = await cut(file);
  const header = file.length - 8192 - 16384 - 80 - 8192;
  expect(cuts).toEqual([header, 8192, 16384, 80, 8192]);
});

test('whatever is no safetensors file stays whole', async () => {
  const file = tensors(8192, 8192);
  const broken: Uint8Array[] = [
    new Uint8Array(0),
    new Uint8Array(100_000),
    new TextEncoder().encode('x'.repeat(100_000)),
    file.subarray(0, file.length - 1), // ends too soon
    file.subarray(1),
  ];
  const offsets = file.slice();
  offsets.set(new TextEncoder().encode('"no_offsets__"'), file.indexOf(0x22, 20)); // no JSON of tensors any more
  broken.push(offsets);
  for (const bytes of broken) expect(await cut(bytes)).toEqual([bytes.length]);
});

test('lengths always sum up to the whole', async () => {
  for (let size = 0; size < 40; size++) {
    const file = tensors(size * 400, 4096 + size * 4, 12, size * 1000);
    expect((await cut(file)).reduce((sum, bytes) => sum + bytes, 0)).toBe(file.length);
  }
});
