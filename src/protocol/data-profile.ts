import { z } from 'zod';
import type { DataProfile } from '../domain/preflight/report.ts';
import { sha256Schema } from '../domain/runs/events.ts';

/** What pre-flight knows of a text, as it crosses between workers. */
export const dataProfileSchema: z.ZodType<DataProfile, DataProfile> = z.object({
  source: z.string(),
  sha256: sha256Schema,
  bytes: z.number(),
  characters: z.number(),
  distinct_characters: z.number(),
  tokenizer: z
    .object({
      key: z.string(),
      vocab_size: z.number(),
      train_tokens: z.number(),
      validation_tokens: z.number(),
    })
    .nullable(),
});
