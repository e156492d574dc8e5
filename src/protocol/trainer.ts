import { z } from 'zod';
import { errorFactsSchema } from '../domain/error-facts.ts';
import {
  deviceInfoSchema,
  initialModelSchema,
  pinnedConfigSchema,
  runIdSchema,
  sha256Schema,
} from '../domain/runs/events.ts';
import type {
  DataRequest,
  DeviceReport,
  Drawing,
  ModelFacts,
  ModelFile,
  Progress,
  PromptOutcome,
  SampleEvent,
  SampleOutcome,
} from '../domain/runs/ports.ts';
import type { Run } from '../domain/runs/run.ts';
import { DEVICE_NAMES } from '../engine/device.ts';
import type { TrainingCommand } from '../engine/training/events.ts';
import type { ModelConfig } from '../engine/training/spec.ts';
import { defineCalls, noEvents } from './calls.ts';
import { dataProfileSchema } from './data-profile.ts';

/**
 * The trainer worker's calls: the port `Trainer` (src/domain/runs/ports.ts) as messages. What happens to a
 * run and what is measured does not come this way: the worker writes it to the stores, so that a tab that
 * closes loses nothing and every tab reads the same.
 */

const deviceChoiceSchema = z.enum(['auto', ...DEVICE_NAMES]);

const progressSchema: z.ZodType<Progress> = z.object({
  what: z.string(),
  done: z.number(),
  total: z.number().nullable(),
});

const dataRequestSchema: z.ZodType<DataRequest, DataRequest> = z.object({
  source: z.string(),
  sha256: sha256Schema.nullable(),
});

const deviceReportSchema: z.ZodType<DeviceReport> = z.object({
  device: deviceInfoSchema,
  reason: z.string(),
  tried: z.array(z.object({ name: z.string(), outcome: z.string() })),
});

const drawingSchema: z.ZodType<Drawing, Drawing> = z.object({
  max_new_tokens: z.int().positive(),
  temperature: z.number().nonnegative(),
  top_k: z.int().nonnegative(),
  top_p: z.number().positive().max(1),
  seed: z.int(),
  stop: z.array(z.string()),
});

const commandSchema: z.ZodType<TrainingCommand, TrainingCommand> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('pause') }),
  z.object({ type: z.literal('resume') }),
  z.object({ type: z.literal('stop') }),
  z.object({ type: z.literal('evaluate') }),
  z.object({ type: z.literal('save') }),
  z.object({ type: z.literal('set_learning_rate'), learning_rate: z.number().positive() }),
  z.object({ type: z.literal('sample') }),
  z.object({ type: z.literal('profile') }),
]);

const modelSourceSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run'), run: runIdSchema }),
  z.object({ type: z.literal('files'), files: initialModelSchema }),
]);

const modelFactsSchema: z.ZodType<ModelFacts> = z.object({
  model_type: z.enum(['gpt2', 'llama']),
  model: z.custom<ModelConfig>(
    (value) => typeof value === 'object' && value !== null && 'model_type' in value,
  ),
  vocab_size: z.number(),
  context: z.number(),
  parameters: z.number(),
  tokenizer: z.enum(['char', 'bpe', 'file']),
  warnings: z.array(z.string()),
});

const modelFilesSchema: z.ZodType<readonly ModelFile[]> = z.array(
  z.object({
    path: z.string(),
    bytes: z.custom<Uint8Array<ArrayBuffer>>((value) => value instanceof Uint8Array),
  }),
);

const promptOutcomeSchema: z.ZodType<PromptOutcome> = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    text: z.string(),
    tokens: z.int(),
    ended: z.enum(['length', 'stop', 'eos']),
    dropped: z.int(),
    tokens_per_second: z.number(),
  }),
  z.object({ ok: z.literal(false), error: errorFactsSchema }),
]);

const sampleEventSchema: z.ZodType<SampleEvent> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), prompt: z.int(), text: z.string() }),
  z.object({ type: z.literal('ended'), prompt: z.int(), outcome: promptOutcomeSchema }),
]);

const sampleOutcomeSchema: z.ZodType<SampleOutcome> = z.object({
  prompts: z.array(promptOutcomeSchema),
  tokens: z.int(),
  tokens_per_second: z.number(),
  device: deviceInfoSchema,
});

/** A run comes from the store, which checks it; here it only crosses within one version of the program. */
const runSchema = z.custom<Run>((value) => typeof value === 'object' && value !== null && 'state' in value);

export const trainerCalls = defineCalls({
  probe: { input: deviceChoiceSchema, event: noEvents, output: deviceReportSchema },
  prepare: {
    input: z.object({
      data: dataRequestSchema,
      config: z.string().nullable(),
      tokenizer_sha256: sha256Schema.nullable(),
    }),
    event: progressSchema,
    output: dataProfileSchema,
  },
  train: {
    input: z.object({
      run: runIdSchema,
      project: z.string(),
      name: z.string(),
      owner: z.string().nullable(),
      config: pinnedConfigSchema,
      data: dataRequestSchema,
      tokenizer_sha256: sha256Schema.nullable(),
      model: initialModelSchema.nullable(),
      device: deviceChoiceSchema,
      steps: z.int().positive().nullable(),
    }),
    event: progressSchema,
    output: runSchema,
  },
  resume: {
    input: z.object({
      run: runIdSchema,
      device: deviceChoiceSchema.nullable(),
      steps: z.int().positive().nullable(),
    }),
    event: progressSchema,
    output: runSchema,
  },
  command: {
    input: z.object({ run: runIdSchema, command: commandSchema }),
    event: noEvents,
    output: z.null(),
  },
  sample: {
    input: z.object({
      source: modelSourceSchema,
      prompts: z.array(z.string()).min(1).readonly(),
      drawing: drawingSchema,
      device: deviceChoiceSchema,
    }),
    event: sampleEventSchema,
    output: sampleOutcomeSchema,
  },
  exportModel: { input: runIdSchema, event: noEvents, output: modelFilesSchema },
  inspectModel: { input: initialModelSchema, event: noEvents, output: modelFactsSchema },
});
export type TrainerCalls = typeof trainerCalls;
