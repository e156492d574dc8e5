import { z } from 'zod';
import type { Branded } from '../../base/brand.ts';
import { DEVICE_NAMES } from '../../engine/device.ts';
import { errorFactsSchema } from '../error-facts.ts';

/**
 * What happens to a run, written once: the schemas check what is read from disk and what crosses to a
 * worker, and the types derive from them. Every event is kept; the run is what they add up to (run.ts).
 */

export type RunId = Branded<string, 'RunId'>;
export const runIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
  .transform((id) => id as RunId);

/** Lower-case hexadecimal. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

const step = z.int().nonnegative();
export const deviceInfoSchema = z.object({
  name: z.enum(DEVICE_NAMES),
  description: z.string(),
  limits: z.object({ max_buffer_bytes: z.number().nullable(), memory_bytes: z.number().nullable() }),
});

/** The config as it was when somebody pressed Train. */
export const pinnedConfigSchema = z.object({
  path: z.string(),
  text: z.string(),
  /** The Yjs snapshot of the document, base64; null where the text came from a plain file. */
  version: z.string().nullable(),
  /** Names of those whose edits are in the text. */
  edited_by: z.array(z.string()),
});
export type PinnedConfig = z.infer<typeof pinnedConfigSchema>;

export const pinnedDataSchema = z.object({
  source: z.string(),
  sha256: sha256Schema,
  bytes: z.int(),
  /** The file of `tokenizer: { type: file }`; left out for the other kinds. */
  tokenizer_file: sha256Schema.exactOptional(),
});

/** Where the first weights come from, when they are not drawn anew: a model folder's files by path. */
export const initialModelSchema = z.object({
  name: z.string(),
  files: z.record(z.string(), sha256Schema),
});
export type InitialModel = z.infer<typeof initialModelSchema>;

/** Devices that were looked at, best first, with what became of each; left out by versions before 0.2. */
const triedSchema = z.array(z.object({ name: z.string(), outcome: z.string() })).exactOptional();

const createdSchema = z.object({
  type: z.literal('created'),
  project: z.string(),
  name: z.string(),
  config: pinnedConfigSchema,
  data: pinnedDataSchema,
  seed: z.int(),
  max_steps: step,
  /** What was asked for; what was taken is in `started`. */
  device: z.enum(['auto', ...DEVICE_NAMES]),
  /** Version of the program that created the run. */
  program: z.string(),
  model: initialModelSchema.nullable(),
  /** Whose it is at this browser; left out where nobody signs in, and by earlier versions. */
  owner: z.string().exactOptional(),
});
export type CreatedEvent = z.infer<typeof createdSchema>;

export const runEventSchema = z.discriminatedUnion('type', [
  createdSchema,
  /** The data is tokenised: from here on the tokenizer is pinned. */
  z.object({
    type: z.literal('prepared'),
    /** sha256 of tokenizer.json. */
    tokenizer: sha256Schema,
    vocab_size: z.int(),
    train_tokens: z.int(),
    validation_tokens: z.int(),
    parameters: z.int(),
    max_steps: step,
  }),
  /** Training begins, or goes on from a checkpoint; `step` updates have been applied. */
  z.object({
    type: z.literal('started'),
    step,
    device: deviceInfoSchema,
    reason: z.string(),
    tried: triedSchema,
  }),
  z.object({ type: z.literal('paused'), step }),
  z.object({ type: z.literal('continued'), step }),
  /** The device was lost or failed; training goes on from the checkpoint at `step`. */
  z.object({
    type: z.literal('device_changed'),
    step,
    device: deviceInfoSchema,
    because: errorFactsSchema,
    tried: triedSchema,
  }),
  z.object({ type: z.literal('learning_rate'), step, factor: z.number(), learning_rate: z.number() }),
  z.object({ type: z.literal('checkpoint'), step, name: z.string(), bytes: z.int() }),
  z.object({
    type: z.literal('sampled'),
    step,
    text: z.string(),
    /** Left out by versions before 0.2. */
    tokens_per_second: z.number().exactOptional(),
  }),
  z.object({ type: z.literal('noticed'), step, facts: errorFactsSchema }),
  /** Nobody holds the run any more: the tab or the process ended under it. */
  z.object({ type: z.literal('interrupted') }),
  /** Somebody asked for it to go on from its last checkpoint. */
  z.object({ type: z.literal('resumed'), program: z.string() }),
  z.object({ type: z.literal('finished'), step, reason: z.enum(['finished', 'early_stopping']) }),
  z.object({ type: z.literal('failed'), step, facts: errorFactsSchema }),
  z.object({ type: z.literal('stopped'), step }),
  z.object({ type: z.literal('renamed'), name: z.string().min(1).max(200) }),
  /** The model was saved as files of the project. */
  z.object({ type: z.literal('saved'), of_step: step, files: z.record(z.string(), sha256Schema) }),
  z.object({ type: z.literal('deleted') }),
  z.object({ type: z.literal('restored') }),
]);
export type RunEvent = z.infer<typeof runEventSchema>;
export type RunEventType = RunEvent['type'];

/** An event in its place: `seq` counts from 0 within the run; `at` is milliseconds since 1970 UTC. */
export const storedEventSchema = z.object({
  seq: z.int().nonnegative(),
  at: z.number(),
  event: runEventSchema,
});
export type StoredEvent = z.infer<typeof storedEventSchema>;
