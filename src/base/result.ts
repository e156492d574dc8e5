import type { AnnealError } from './error.ts';

/** The outcome of something that can fail in a way its caller is expected to handle. */
export type Result<T, E = AnnealError> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): Result<T, never> {
  return { ok: true, value };
}

export function err<E>(error: E): Result<never, E> {
  return { ok: false, error };
}
