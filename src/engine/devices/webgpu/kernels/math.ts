/**
 * Functions that expressions call, as WGSL over a type T that is f32 or a vector of it. Written so that
 * exp never overflows and NaN goes through (select, unlike clamp, lets it).
 */

/** By name: their text, and what they call themselves. */
const FUNCTIONS: Readonly<Record<string, { readonly needs: readonly string[]; readonly text: string }>> = {
  logistic: {
    needs: [],
    text: 'fn logistic(x : T) -> T { return T(1.0) / (T(1.0) + exp(select(-x, T(80.0), x < T(-80.0)))); }',
  },
  safe_tanh: {
    needs: [],
    text: 'fn safe_tanh(x : T) -> T { let e = exp(select(2.0 * x, T(80.0), x > T(40.0))); return T(1.0) - T(2.0) / (e + T(1.0)); }',
  },
  /** Phi(x). erfc is the Chebyshev fit of Numerical Recipes, section 6.2. */
  normal_cdf: {
    needs: [],
    text: `fn normal_cdf(x : T) -> T {
  let z = abs(x) * ${Math.SQRT1_2};
  let t = T(1.0) / (T(1.0) + 0.5 * z);
  var p = T(0.17087277);
  p = p * t - T(0.82215223);
  p = p * t + T(1.48851587);
  p = p * t - T(1.13520398);
  p = p * t + T(0.27886807);
  p = p * t - T(0.18628806);
  p = p * t + T(0.09678418);
  p = p * t + T(0.37409196);
  p = p * t + T(1.00002368);
  p = p * t - T(1.26551223);
  let erfc = t * exp(p - z * z);
  return select(0.5 * erfc, T(1.0) - 0.5 * erfc, x >= T(0.0));
}`,
  },
  gelu: { needs: ['normal_cdf'], text: 'fn gelu(x : T) -> T { return x * normal_cdf(x); }' },
  gelu_slope: {
    needs: ['normal_cdf'],
    text: `fn gelu_slope(x : T) -> T {
  return normal_cdf(x) + x * ${1 / Math.sqrt(2 * Math.PI)} * exp(-0.5 * x * x);
}`,
  },
  /** 0.5 * (1 + tanh(u)) is the logistic of 2 u. */
  gelu_new: {
    needs: ['logistic'],
    text: `fn gelu_new(x : T) -> T {
  return x * logistic(${2 * Math.sqrt(2 / Math.PI)} * (x + 0.044715 * x * x * x));
}`,
  },
  gelu_new_slope: {
    needs: ['logistic'],
    text: `fn gelu_new_slope(x : T) -> T {
  let s = logistic(${2 * Math.sqrt(2 / Math.PI)} * (x + 0.044715 * x * x * x));
  return s + x * s * (T(1.0) - s) * ${2 * Math.sqrt(2 / Math.PI)} * (T(1.0) + ${3 * 0.044715} * x * x);
}`,
  },
  silu: { needs: ['logistic'], text: 'fn silu(x : T) -> T { return x * logistic(x); }' },
  silu_slope: {
    needs: ['logistic'],
    text: 'fn silu_slope(x : T) -> T { let s = logistic(x); return s * (T(1.0) + x * (T(1.0) - s)); }',
  },
  ...Object.fromEntries(
    ['gelu', 'gelu_new', 'silu'].map((name) => [
      `${name}_grad`,
      {
        needs: [`${name}_slope`],
        text: `fn ${name}_grad(x : T, dy : T) -> T { return dy * ${name}_slope(x); }`,
      },
    ]),
  ),
};

/** The text of these functions and of what they call, each once. */
export function mathText(names: Iterable<string>): string {
  const seen = new Set<string>();
  const lines: string[] = [];
  const add = (name: string): void => {
    const found = FUNCTIONS[name];
    if (found === undefined || seen.has(name)) return;
    seen.add(name);
    for (const needed of found.needs) add(needed);
    lines.push(found.text);
  };
  for (const name of names) add(name);
  return lines.join('\n');
}

/** base's mix32 and hash32 of three words, in the wrapping arithmetic of u32. */
export const HASH = `
fn mix32(value : u32) -> u32 {
  var x = value;
  x = (x ^ (x >> 16u)) * 0x85ebca6bu;
  x = (x ^ (x >> 13u)) * 0xc2b2ae35u;
  return x ^ (x >> 16u);
}
fn absorb(h : u32, word : u32) -> u32 {
  return mix32((h ^ mix32(word + 0x6d2b79f5u)) + 0x9e3779b9u);
}
fn hash3(seed : u32, stream : u32, element : u32) -> u32 {
  return absorb(absorb(absorb(0x9e3779b9u, seed), stream), element);
}`;

/** hash32(seed, stream, element) at or above this keeps the element; 2^32 keeps none. */
export function dropoutThreshold(rate: number): number {
  return Math.ceil(rate * 2 ** 32);
}
