import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnnealError } from '../../base/error.ts';
import { DTYPE_BYTES, halfToNumber, isDType, type SafetensorsDType } from './dtypes.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

function file(header: string, data: Uint8Array | number[] = [], length = header.length): Uint8Array {
  const json = new TextEncoder().encode(header);
  const out = new Uint8Array(8 + json.length + data.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(json, 8);
  out.set(data, 8 + json.length);
  return out;
}

function codeOf(bytes: Uint8Array): string {
  try {
    readSafetensors(bytes);
    return 'read';
  } catch (error) {
    if (!(error instanceof AnnealError)) throw error;
    expect(error.data?.position).toBeTypeOf('number');
    return error.code;
  }
}

const tensor = fc
  .record({
    name: fc.string({ unit: 'binary' }).filter((s) => s !== '__metadata__' && s.isWellFormed()),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
    dtype: fc.constantFrom(...(Object.keys(DTYPE_BYTES) as SafetensorsDType[])),
  })
  .chain(({ name, shape, dtype }) => {
    const bytes = shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]);
    return fc
      .uint8Array({ minLength: bytes, maxLength: bytes })
      .map((data) => ({ name, shape, dtype, data: data.slice() }));
  });
const tensors = fc.uniqueArray(tensor, { selector: (t) => t.name, maxLength: 6 });
const metadata = fc.dictionary(
  fc.string({ unit: 'binary' }).filter((s) => s.isWellFormed()),
  fc.string({ unit: 'binary' }).filter((s) => s.isWellFormed()),
);

test('what is written is read back, aligned and sorted by element size, then name', () => {
  fc.assert(
    fc.property(tensors, metadata, (list, meta) => {
      const read = readSafetensors(writeSafetensors(list, meta));
      expect(new Map(Object.entries(meta))).toEqual(read.metadata);
      expect(read.names.toSorted()).toEqual(list.map((t) => t.name).toSorted());
      for (const { name, shape, dtype, data } of list) {
        const entry = read.entry(name);
        expect({ shape: entry.shape, dtype: entry.dtype }).toEqual({ shape, dtype });
        expect([...read.bytes(name)]).toEqual([...data]);
        expect(entry.begin % DTYPE_BYTES[dtype]).toBe(0);
      }
      const sizes = read.names.map((name) => DTYPE_BYTES[read.entry(name).dtype]);
      const empty = list.some((t) => t.data.length === 0);
      if (!empty) expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    }),
  );
});

test('the header is padded with spaces to 8 bytes and tensors come in the order of the reference writer', () => {
  const bytes = writeSafetensors(
    [
      { name: 'b', shape: [2], data: new Float32Array([1, 2]) },
      { name: 'h', shape: [1], dtype: 'F16', data: new Uint16Array([0x3c00]) },
      { name: 'a', shape: [1], data: new Float32Array([3]) },
      { name: 'i', shape: [1], dtype: 'I64', data: new BigInt64Array([7n]) },
    ],
    { format: 'pt' },
  );
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  expect(new TextDecoder().decode(bytes.subarray(8, 8 + length)).trimEnd()).toBe(
    '{"__metadata__":{"format":"pt"},' +
      '"i":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},' +
      '"a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},' +
      '"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]},' +
      '"h":{"dtype":"F16","shape":[1],"data_offsets":[20,22]}}',
  );
  const read = readSafetensors(bytes);
  expect([...read.floats('h'), ...read.floats('i')]).toEqual([1, 7]);
  expect([...read.ints('i')]).toEqual([7]);
});

test('floats of an aligned F32 tensor are a view, of an unaligned one a copy', () => {
  const bytes = writeSafetensors([{ name: 'x', shape: [2], data: new Float32Array([1.5, -2]) }]);
  expect(readSafetensors(bytes).floats('x').buffer).toBe(bytes.buffer);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  expect([...readSafetensors(shifted.subarray(1)).floats('x')]).toEqual([1.5, -2]);
  const buffer = Buffer.from(shifted.buffer, 1);
  expect([...readSafetensors(buffer).floats('x')]).toEqual([1.5, -2]);
});

test('F16 and BF16 are read as the numbers that they are', () => {
  const halves: [number, number][] = [
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
    [0x7e00, Number.NaN],
  ];
  for (const [bits, value] of halves) expect(halfToNumber(bits)).toBe(value);
  fc.assert(
    fc.property(fc.float(), (x) => {
      const upper = new Uint16Array(
        [new Uint32Array(new Float32Array([x]).buffer)[0] ?? 0].map((b) => b >>> 16),
      );
      const truncated = new Float32Array(new Uint32Array([(upper[0] ?? 0) << 16]).buffer);
      const bytes = writeSafetensors([{ name: 'x', shape: [1], dtype: 'BF16', data: upper }]);
      expect(readSafetensors(bytes).floats('x')).toEqual(truncated);
    }),
  );
});

const one = '"dtype":"F32","shape":[1],"data_offsets":[0,4]';
test.each([
  ['an empty file', new Uint8Array(0), 'ANN-FMT-001'],
  ['7 bytes', new Uint8Array(7), 'ANN-FMT-001'],
  ['a header longer than the file', file('{}', [], 100), 'ANN-FMT-001'],
  ['a header of more than 100,000,000 bytes', file('{}', [], 100_000_001), 'ANN-FMT-002'],
  ['a header that starts with a space', file(' {}'), 'ANN-FMT-003'],
  ['a header of no bytes', file('', [0x7b, 0x7d], 0), 'ANN-FMT-003'],
  ['a list as header', file('[]'), 'ANN-FMT-003'],
  ['JSON that ends too early', file('{"a":'), 'ANN-FMT-003'],
  ['JSON with a trailing comma', file('{"a":{},}'), 'ANN-FMT-003'],
  [
    'bytes that are not UTF-8',
    file('{"\u00ff":1}', [], 8).map((b) => (b === 0xc3 ? 0xff : b)),
    'ANN-FMT-003',
  ],
  ['a lone surrogate', file('{"\\ud800":1}'), 'ANN-FMT-003'],
  ['deep nesting', file(`{"a":${'['.repeat(100_000)}`), 'ANN-FMT-003'],
  ['no shape', file('{"a":{"dtype":"F32","data_offsets":[0,0]}}'), 'ANN-FMT-003'],
  [
    'a fraction as dimension',
    file('{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}'),
    'ANN-FMT-003',
  ],
  ['a negative dimension', file('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}'), 'ANN-FMT-003'],
  ['three offsets', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}'), 'ANN-FMT-003'],
  ['the same tensor twice', file(`{"a":{${one}},"a":{${one}}}`, [0, 0, 0, 0]), 'ANN-FMT-004'],
  ['the same field twice', file(`{"a":{${one},"dtype":"F32"}}`, [0, 0, 0, 0]), 'ANN-FMT-004'],
  ['an escaped duplicate', file(`{"a":{${one}},"\\u0061":{${one}}}`, [0, 0, 0, 0]), 'ANN-FMT-004'],
  ['a type that is not known', file('{"a":{"dtype":"X9","shape":[1],"data_offsets":[0,4]}}'), 'ANN-FMT-005'],
  [
    'a type named like a method',
    file('{"a":{"dtype":"toString","shape":[1],"data_offsets":[0,4]}}'),
    'ANN-FMT-005',
  ],
  [
    'a hole at the start',
    file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', [0, 0]),
    'ANN-FMT-006',
  ],
  [
    'an overlap',
    file(
      '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
      [0, 0, 0],
    ),
    'ANN-FMT-006',
  ],
  [
    'an end before the start',
    file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[2,1]}}', [0]),
    'ANN-FMT-006',
  ],
  [
    'bytes that do not fit the shape',
    file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
    'ANN-FMT-007',
  ],
  [
    'a dimension beyond 2^53',
    file('{"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,1]}}', [0]),
    'ANN-FMT-008',
  ],
  [
    'a product beyond 2^53',
    file('{"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}'),
    'ANN-FMT-008',
  ],
  ['metadata that is not text', file('{"__metadata__":{"a":1}}'), 'ANN-FMT-009'],
  ['metadata that is no object', file('{"__metadata__":"a"}'), 'ANN-FMT-009'],
  ['a tensor beyond the end', file(`{"a":{${one}}}`, [0, 0, 0]), 'ANN-FMT-001'],
  ['trailing bytes', file(`{"a":{${one}}}`, [0, 0, 0, 0, 0]), 'ANN-FMT-013'],
])('%s is refused', (_, bytes, code) => {
  expect(codeOf(bytes)).toBe(code);
});

test('tensors may lie in any order in the header, and empty ones anywhere between', () => {
  const bytes = file(
    '{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"e":{"dtype":"F32","shape":[0],"data_offsets":[1,1]},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}  ',
    [5, 6],
  );
  const read = readSafetensors(bytes);
  expect([...read.floats('a'), ...read.floats('b'), ...read.floats('e')]).toEqual([5, 6]);
});

test('a truncated file is refused at every length', () => {
  const bytes = writeSafetensors([{ name: 'w', shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) }]);
  for (let n = 0; n < bytes.length; n++) expect(codeOf(bytes.subarray(0, n))).toBe('ANN-FMT-001');
});

test('mutated files are read or refused with a typed error, never anything else', () => {
  const mutation = fc.record({ at: fc.nat(400), byte: fc.nat(255), insert: fc.boolean() });
  fc.assert(
    fc.property(tensors, fc.array(mutation, { minLength: 1, maxLength: 4 }), (list, mutations) => {
      const bytes = [...writeSafetensors(list, { format: 'pt' })];
      for (const { at, byte, insert } of mutations) bytes.splice(at % bytes.length, insert ? 0 : 1, byte);
      codeOf(Uint8Array.from(bytes));
    }),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (body) => {
      codeOf(file(String.fromCharCode(...body.map((b) => b & 0x7f))));
    }),
    { numRuns: 1000 },
  );
});

test('element types are own names only', () => {
  expect(isDType('constructor')).toBe(false);
  expect(isDType('BF16')).toBe(true);
});
