/**
 * A dimension is a number that remembers where it came from: a polynomial over named symbols (config
 * fields) beside its value. Rules compare values; messages and fixes read the polynomial.
 */

/** Product of symbols to integer powers, by symbol name; `{}` is the constant 1. */
export type Monomial = Readonly<Record<string, number>>;

export interface Term {
  readonly coefficient: number;
  readonly powers: Monomial;
}

export interface Dim {
  readonly value: number;
  readonly terms: readonly Term[];
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
