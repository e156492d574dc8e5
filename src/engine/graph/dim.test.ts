import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Dim } from './dim.ts';
import { add, divide, fixed, formatDim, multiply, product, symbol, symbolsOf } from './dim.ts';

const width = symbol('n_embd', 128);
const heads = symbol('n_head', 4);

test('printing reads like the config', () => {
  expect(formatDim(multiply(fixed(3), width))).toBe('3 * n_embd');
  expect(formatDim(divide(width, heads).quotient)).toBe('n_embd / n_head');
  expect(formatDim(multiply(divide(width, heads).quotient, heads))).toBe('n_embd');
  expect(formatDim(add(width, fixed(1)))).toBe('n_embd + 1');
  expect(formatDim(multiply(width, width))).toBe('n_embd^2');
  expect(formatDim(divide(width, multiply(fixed(2), heads)).quotient)).toBe('n_embd / (2 * n_head)');
  expect(formatDim(add(width, multiply(fixed(-1), width)))).toBe('0');
  expect(formatDim(fixed(7))).toBe('7');
  expect(formatDim(divide(fixed(1), heads).quotient)).toBe('1 / n_head');
  expect(formatDim(divide(width, add(heads, fixed(1))).quotient)).toBe('n_embd / (n_head + 1)');
  expect(symbolsOf(multiply(heads, width))).toEqual(['n_embd', 'n_head']);
});

test('a division with a remainder goes on with the nearest whole number, marked as assumed', () => {
  const { quotient, exact } = divide(symbol('n_embd', 130), heads);
  expect([exact, quotient.value, quotient.assumed]).toEqual([false, 33, true]);
  expect(multiply(quotient, heads).assumed).toBe(true);
  expect(divide(fixed(1), symbol('n_head', 0)).exact).toBe(false);
});

const dims: fc.Arbitrary<Dim> = fc.letrec<{ dim: Dim }>((tie) => ({
  dim: fc.oneof(
    { depthSize: 'small' },
    fc.nat(9).map(fixed),
    fc.constantFrom('a', 'b', 'c').map((name) => symbol(name, name.charCodeAt(0) - 95)),
    fc.tuple(tie('dim'), tie('dim')).map(([x, y]) => multiply(x, y)),
    fc.tuple(tie('dim'), tie('dim')).map(([x, y]) => add(x, y)),
  ),
})).dim;

/** The polynomial at other values of its symbols. */
function at(dim: Dim, values: Readonly<Record<string, number>>): number {
  return dim.terms.reduce((sum, { coefficient, powers }) => {
    const factors = Object.entries(powers).map(([name, power]) => (values[name] ?? Number.NaN) ** power);
    return sum + factors.reduce((a, b) => a * b, coefficient);
  }, 0);
}

test('value and polynomial never part', () => {
  fc.assert(
    fc.property(dims, (dim) => {
      expect(at(dim, { a: 2, b: 3, c: 4 })).toBe(dim.value);
    }),
  );
});

test('arithmetic obeys its laws for any values of the symbols', () => {
  const values = { a: 5, b: 7, c: 11 };
  fc.assert(
    fc.property(dims, dims, dims, (x, y, z) => {
      expect(at(multiply(x, add(y, z)), values)).toBe(at(x, values) * (at(y, values) + at(z, values)));
      expect(product([x, y, z]).value).toBe(x.value * y.value * z.value);
      if (y.value !== 0)
        expect(divide(multiply(x, y), y)).toMatchObject({ exact: true, quotient: { value: x.value } });
    }),
  );
});
