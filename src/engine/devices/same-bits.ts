import { expect } from 'vitest';

/**
 * The same numbers of each name, bit for bit, so that -0 and NaN count too; what is no Float32Array is passed
 * over. Vitest's own comparison takes microseconds an element, longer than devices take to compute them.
 */
export function expectSameBits(
  got: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
  what = 'results',
): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, values] of Object.entries(wanted)) {
    const again = got[name];
    if (!(values instanceof Float32Array) || !(again instanceof Float32Array)) {
      expect(again instanceof Float32Array, `${what}: ${name}`).toBe(values instanceof Float32Array);
      continue;
    }
    const at = differsAt(again, values);
    expect(at, `${what}: ${name} is ${again[at]} at ${at}, not ${values[at]}`).toBe(-1);
  }
}

/** The first place where two arrays have other bits, or one has ended; -1 if there is none. */
function differsAt(a: Float32Array, b: Float32Array): number {
  const [x, y] = [bitsOf(a), bitsOf(b)];
  const most = Math.max(x.length, y.length);
  for (let i = 0; i < most; i++) if (x[i] !== y[i]) return i;
  return -1;
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
