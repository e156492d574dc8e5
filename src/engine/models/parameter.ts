import type { Dim } from '../graph/dim.ts';

/** How a parameter starts out. */
export type Init =
  | { readonly type: 'normal'; readonly std: number }
  | { readonly type: 'zeros' }
  | { readonly type: 'ones' };

export interface ParameterSpec {
  /** As Hugging Face names it, and as it stands in a safetensors file. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Init;
  /** Whether weight decay is for it: parameters of 2 or more dimensions. */
  readonly decay: boolean;
  /** Embeddings and heads are tables of rows, not maps between hidden features; Muon leaves them to AdamW. */
  readonly role: 'table' | 'matrix' | 'vector';
}

/** A parameter before its dimensions become numbers. */
export interface SymbolicParameter {
  readonly name: string;
  readonly dims: readonly Dim[];
  readonly init: Init;
  readonly role: ParameterSpec['role'];
}
