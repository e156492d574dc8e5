/**
 * A dimension is a number that remembers where it came from: a polynomial over named symbols (config
 * fields) beside its value. Rules compare values; messages and fixes read the polynomial.
 */

/** Product of symbols to integer powers, by symbol name; `{}` is the constant 1. Powers below 0 divide. */
export type Monomial = Readonly<Record<string, number>>;

export interface Term {
  readonly coefficient: number;
  readonly powers: Monomial;
}

export interface Dim {
  readonly value: number;
  readonly terms: readonly Term[];
  /** The value is a guess made after a broken rule; what follows from it is not reported again. */
  readonly assumed: boolean;
}

/** A rule that a graph broke while it was built. Building goes on with `assumed`, so that all are found at once. */
export interface ShapeIssue {
  readonly rule: 'divisible' | 'equal' | 'positive' | 'at_most';
  readonly left: Dim;
  readonly right: Dim;
  /** The module in Hugging Face's naming, such as `transformer.h.0.attn`. */
  readonly scope: string;
  /** The reasoning, outermost first: "n_embd / n_head must be whole because attention splits ...". */
  readonly because: readonly string[];
}

const ONE: Monomial = {};

/** A config field with its value. */
export function symbol(name: string, value: number): Dim {
  return { value, terms: [{ coefficient: 1, powers: { [name]: 1 } }], assumed: false };
}

const small = new Map<number, Dim>();

/** A plain number. */
export function fixed(value: number): Dim {
  const known = small.get(value);
  if (known !== undefined) return known;
  const dim: Dim = { value, terms: [{ coefficient: value, powers: ONE }], assumed: false };
  if (small.size < 1024) small.set(value, dim);
  return dim;
}

export function multiply(a: Dim, b: Dim): Dim {
  if (isOne(a)) return b;
  if (isOne(b)) return a;
  const terms: Term[] = [];
  for (const x of a.terms) {
    for (const y of b.terms) {
      terms.push({ coefficient: x.coefficient * y.coefficient, powers: joinPowers(x.powers, y.powers, 1) });
    }
  }
  return { value: a.value * b.value, terms: collect(terms), assumed: a.assumed || b.assumed };
}

export function product(dims: readonly Dim[]): Dim {
  return dims.reduce(multiply, fixed(1));
}

export function add(a: Dim, b: Dim): Dim {
  return {
    value: a.value + b.value,
    terms: collect([...a.terms, ...b.terms]),
    assumed: a.assumed || b.assumed,
  };
}

export interface Division {
  readonly quotient: Dim;
  /** False: the quotient's value is the nearest whole number from 1 on, and marked as assumed. */
  readonly exact: boolean;
}

/** Equal sizes; products beyond 2^53 differ in their last digits with the order of their factors. */
export function sameValue(a: number, b: number): boolean {
  return a === b || (a > Number.MAX_SAFE_INTEGER && Math.abs(a - b) <= a * 1e-12);
}

/** Whole division. A divisor of several terms becomes a symbol of its own in the quotient. */
export function divide(a: Dim, b: Dim): Division {
  const ratio = a.value / b.value;
  const exact = Number.isInteger(ratio);
  const [only, ...others] = b.terms;
  const divisor: Term =
    only !== undefined && others.length === 0 && only.coefficient !== 0
      ? only
      : { coefficient: 1, powers: { [`(${formatDim(b)})`]: 1 } };
  const terms = a.terms.map((term) => ({
    coefficient: term.coefficient / divisor.coefficient,
    powers: joinPowers(term.powers, divisor.powers, -1),
  }));
  const guess = Number.isFinite(ratio) ? Math.max(1, Math.round(ratio)) : 1;
  return {
    quotient: {
      value: exact ? ratio : guess,
      terms: collect(terms),
      assumed: !exact || a.assumed || b.assumed,
    },
    exact,
  };
}

/** As a person would write it: "3 * n_embd", "n_embd / n_head", "n_embd + 1"; plain numbers as digits. */
export function formatDim(dim: Dim): string {
  const terms = dim.terms.filter((term) => term.coefficient !== 0);
  if (terms.length === 0) return '0';
  return terms
    .map((term, index) => {
      const text = formatTerm({ ...term, coefficient: Math.abs(term.coefficient) });
      if (index === 0) return term.coefficient < 0 ? `-${text}` : text;
      return term.coefficient < 0 ? ` - ${text}` : ` + ${text}`;
    })
    .join('');
}

/** The config fields that a dimension was made from, in order of their names. */
export function symbolsOf(dim: Dim): readonly string[] {
  const names = new Set<string>();
  for (const term of dim.terms) for (const name of Object.keys(term.powers)) names.add(name);
  return [...names].sort();
}

function formatTerm(term: Term): string {
  const above: string[] = [];
  const below: string[] = [];
  for (const [name, power] of Object.entries(term.powers)) {
    const text = Math.abs(power) === 1 ? name : `${name}^${Math.abs(power)}`;
    (power > 0 ? above : below).push(text);
  }
  const inverse = 1 / term.coefficient;
  const divides = !Number.isInteger(term.coefficient) && Math.abs(inverse - Math.round(inverse)) < 1e-9;
  if (divides) below.unshift(String(Math.round(inverse)));
  else if (term.coefficient !== 1 || above.length === 0) above.unshift(String(term.coefficient));
  const numerator = above.length === 0 ? '1' : above.join(' * ');
  if (below.length === 0) return numerator;
  return `${numerator} / ${below.length === 1 ? below[0] : `(${below.join(' * ')})`}`;
}

function isOne(dim: Dim): boolean {
  const [term] = dim.terms;
  return dim.value === 1 && dim.terms.length === 1 && term !== undefined && isEmpty(term.powers);
}

function isEmpty(powers: Monomial): boolean {
  for (const _ in powers) return false;
  return true;
}

function joinPowers(a: Monomial, b: Monomial, sign: 1 | -1): Monomial {
  const result: Record<string, number> = { ...a };
  for (const [name, power] of Object.entries(b)) {
    const sum = (result[name] ?? 0) + sign * power;
    if (sum === 0) delete result[name];
    else result[name] = sum;
  }
  return result;
}

/** Terms of the same symbols become one; those that cancel go. A polynomial that is 0 keeps no term. */
function collect(terms: readonly Term[]): readonly Term[] {
  if (terms.length === 1) return terms;
  const sums = new Map<string, Term>();
  for (const term of terms) {
    const key = Object.entries(term.powers)
      .map(([name, power]) => `${name}^${power}`)
      .sort()
      .join('*');
    const coefficient = (sums.get(key)?.coefficient ?? 0) + term.coefficient;
    if (coefficient === 0) sums.delete(key);
    else sums.set(key, { coefficient, powers: term.powers });
  }
  return [...sums.values()];
}
