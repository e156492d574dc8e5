import { z } from 'zod';
import { errorFactsSchema } from '../domain/error-facts.ts';
import { sha256Schema } from '../domain/runs/events.ts';
import { defineCalls, noEvents } from './calls.ts';

/** What the data worker is asked: texts come in, and people look at them. */

const factsSchema = z.object({
  characters: z.int(),
  lines: z.int(),
  words: z.int(),
  distinct_characters: z.int(),
  top_characters: z.array(z.object({ character: z.string(), count: z.int() })).readonly(),
  preview: z.string(),
});

const textSchema = z.object({
  sha256: sha256Schema,
  bytes: z.int(),
  facts: factsSchema,
  /** What was changed on the way in, such as line ends. */
  notices: z.array(errorFactsSchema).readonly(),
});
export type TextReport = z.infer<typeof textSchema>;

const progressSchema = z.object({ what: z.string(), done: z.number(), total: z.number().nullable() });

/** Moved, not copied. */
const bytesSchema = z.custom<Uint8Array<ArrayBuffer>>((value) => value instanceof Uint8Array);

export const dataCalls = defineCalls({
  /** Reads a file's bytes as text and keeps it as an artifact. Throws ANN-DAT where it is no text. */
  take: { input: z.object({ name: z.string(), bytes: bytesSchema }), event: noEvents, output: textSchema },
  /** Looks at a text that is kept here. Throws ANN-RUN-006 where it is not. */
  inspect: {
    input: z.object({ name: z.string(), sha256: sha256Schema }),
    event: noEvents,
    output: textSchema,
  },
  /** Writes the built-in corpus, unless it is here already. */
  stories: { input: z.null(), event: progressSchema, output: textSchema },
});
