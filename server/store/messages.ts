import type { ErrorFacts } from '../../src/base/error.ts';
import type { RequestName } from './requests.ts';

/** Between the store's two threads. Id 0 is the answer to opening. */
export interface StoreRequest {
  readonly id: number;
  readonly name: RequestName | 'close';
  readonly input: unknown;
}

export type StoreResponse =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly facts: ErrorFacts };
