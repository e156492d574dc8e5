import type { Handlers, Request, Response } from './calls.ts';

/** Carries out what was asked; what goes wrong becomes a sentence. */
export async function answer(handlers: Handlers, { id, method, params }: Request): Promise<Response> {
  try {
    const handler = handlers[method] as (params: unknown) => Promise<unknown>;
    return { id, result: await handler(params) };
  } catch (thrown) {
    return { id, error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
  }
}
