import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { erf } from '../reference/kernels/special.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'anneal-math-'));
afterAll(() => rmSync(folder, { recursive: true }));

const MOST = 3.4028234663852886e38;
const TINY = 1.1754943508222875e-38;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const bell = (x: number) => Math.exp((-x * x) / 2);
/** The mean of the two ways that do not lose the digits of a small result. */
const phi = (x: number) => (x > -3 ? (1 + erf(x / Math.SQRT2)) / 2 : tail(-x));
/** Laplace's continued fraction. */
function tail(z: number): number {
  let fraction = z;
  for (let k = 60; k > 0; k--) fraction = z + k / fraction;
  return bell(z) / Math.sqrt(2 * Math.PI) / fraction;
}
const inner = (x: number) => 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
const slope = (x: number) => 2 * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);

/** In math-probe's order: what it should be, from where to where, and by how much it may be off: relative to the result or absolute. */
const functions: readonly [
  name: string,
  exact: (x: number) => number,
  range: readonly [number, number],
  relative: number,
  absolute: number,
][] = [
  ['exp', Math.exp, [-87, 88.7], 2e-7, 0],
  ['expNegative', Math.exp, [-87, 0], 2e-7, 0],
  ['log', Math.log, [1e-6, 1e6], 2e-7, 0],
  ['tanh', Math.tanh, [-12, 12], 3e-7, 0],
  ['sigmoid', sigmoid, [-80, 80], 3e-7, 0],
  ['gelu', (x) => x * phi(x), [-10, 10], 4e-7, 4e-8],
  ['geluDerivative', (x) => phi(x) + (x * bell(x)) / Math.sqrt(2 * Math.PI), [-10, 10], 4e-7, 2e-7],
  ['geluNew', (x) => x * sigmoid(inner(x)), [-8, 8], 4e-7, 1e-7],
  [
    'geluNewDerivative',
    (x) => sigmoid(inner(x)) * (1 + x * sigmoid(-inner(x)) * slope(x)),
    [-8, 8],
    6e-7,
    3e-7,
  ],
  ['silu', (x) => x * sigmoid(x), [-80, 80], 4e-7, 4e-8],
  ['siluDerivative', (x) => sigmoid(x) * (1 + x * sigmoid(-x)), [-20, 20], 4e-7, 2e-7],
  ['powerNegative', (x) => 2 ** x, [-126, 0], 1e-7, 0],
];

const variants: readonly [string, readonly string[]][] = [
  ['fused multiply-add', ['--enable', 'relaxed-simd']],
  ['separate multiply and add', []],
];

for (const [variant, options] of variants) {
  describe(variant, () => {
    const apply = compiled(variant, options);

    functions.forEach(([name, exact, [low, high], relative, absolute], which) => {
      it(`${name} is right over its range`, () => {
        const count = 200_000;
        const x = Float32Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
        // Near 0 as well, where relative errors show.
        for (let i = 0; i < 1000 && low < 0; i++) x[i] = (i % 2 === 0 ? -1 : 1) * 1.05 ** -i * 0.7;
        if (high <= 0) for (let i = 0; i < 1000; i++) x[i] = -Math.abs(x[i] as number);
        const y = apply(which, x);
        let worst = 0;
        let where = 0;
        for (let i = 0; i < count; i++) {
          const right = exact(x[i] as number);
          const allowed = Math.abs(right) * relative + absolute + TINY / 1000;
          const off = Math.abs((y[i] as number) - right) / allowed;
          if (!(off <= worst)) [worst, where] = [off, x[i] as number];
        }
        expect(worst, `at ${where}`).toBeLessThanOrEqual(1);
      });
    });

    it('what is special stays so', () => {
      const x = Float32Array.of(Number.NaN, Infinity, -Infinity, 0, -0, 1e-40, MOST, -MOST);
      const at = (name: string) => [
        ...apply(
          functions.findIndex(([other]) => other === name),
          x,
        ),
      ];
      const tiny = Math.fround(1e-40);
      expect(at('exp')).toEqual([Number.NaN, Infinity, 0, 1, 1, 1, Infinity, 0]);
      expect(at('expNegative').slice(2, 5)).toEqual([0, 1, 1]);
      expect(at('expNegative')[0]).toBeNaN();
      expect(at('powerNegative').slice(2, 5)).toEqual([0, 1, 1]);
      expect(at('powerNegative')[0]).toBeNaN();
      expect(at('tanh')).toEqual([Number.NaN, 1, -1, 0, -0, tiny, 1, -1]);
      expect(at('sigmoid')).toEqual([Number.NaN, 1, 0, 0.5, 0.5, 0.5, 1, 0]);
      const logs = at('log');
      expect(logs.slice(0, 5)).toEqual([Number.NaN, Infinity, Number.NaN, -Infinity, -Infinity]);
      expect(logs[5]).toBeCloseTo(Math.log(tiny), 4);
      expect(logs[6]).toBeCloseTo(Math.log(MOST), 4);
      expect(logs[7]).toBeNaN();
      for (const name of ['gelu', 'geluNew', 'silu']) {
        expect(at(name).slice(0, 2)).toEqual([Number.NaN, Infinity]);
        expect(at(name)[3]).toBe(0);
        expect(at(name)[6]).toBe(Math.fround(MOST));
      }
      // e^-100 is a number that only fits without all its digits.
      expect(apply(0, Float32Array.of(-100, -103, -110, 88.8))).toEqual(
        Float32Array.of(Math.exp(-100), Math.exp(-103), 0, Infinity),
      );
    });
  });
}

function compiled(
  name: string,
  options: readonly string[],
): (which: number, x: Float32Array) => Float32Array {
  const file = join(folder, `${name}.wasm`);
  const compiler = join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
  const probe = join(import.meta.dirname, 'assembly', 'testing', 'math-probe.ts');
  const fixed = ['--runtime', 'stub', '--optimizeLevel', '1', '--importMemory', '--enable', 'simd'];
  const result = spawnSync(process.execPath, [compiler, probe, ...fixed, ...options, '--outFile', file], {
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(result.stderr);
  const memory = new WebAssembly.Memory({ initial: 64 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { env: { memory } });
  const apply = instance.exports.apply as (which: number, from: number, to: number, count: number) => void;
  return (which, x) => {
    const length = Math.ceil(x.length / 4) * 4;
    new Float32Array(memory.buffer, 65536, length).set(x);
    apply(which, 65536, 65536 + length * 4, length);
    return new Float32Array(memory.buffer, 65536 + length * 4, x.length).slice();
  };
}
