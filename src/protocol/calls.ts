import { z } from 'zod';
import { errorFactsSchema } from './error-facts.ts';

/**
 * What a worker can be asked, by name: the input, the events while it works, the output. The channel
 * (src/workers/channel.ts) carries any such table; both sides take their types from it.
 */
export interface Call {
  readonly input: z.ZodType;
  readonly event: z.ZodType;
  readonly output: z.ZodType;
}
export type Calls = Readonly<Record<string, Call>>;

export type InputOf<C extends Call> = z.input<C['input']>;
/** As the answering side gets it, checked. */
export type CheckedInputOf<C extends Call> = z.output<C['input']>;
export type EventOf<C extends Call> = z.output<C['event']>;
export type OutputOf<C extends Call> = z.output<C['output']>;

export function defineCalls<const C extends Calls>(calls: C): C {
  return calls;
}

/** For calls that say nothing while they work. */
export const noEvents = z.never();

const id = z.int().nonnegative();

/** What the asking side posts. */
export const requestSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('call'), id, name: z.string(), input: z.unknown() }),
  z.object({ kind: z.literal('abort'), id }),
]);
export type Request = z.infer<typeof requestSchema>;

/** What the answering side posts; `result` and `error` end the call. */
export const responseSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('event'), id, event: z.unknown() }),
  z.object({ kind: z.literal('result'), id, output: z.unknown() }),
  z.object({ kind: z.literal('error'), id, facts: errorFactsSchema }),
]);
export type Response = z.infer<typeof responseSchema>;
