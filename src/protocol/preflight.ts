import { z } from 'zod';
import type { CompletionItem } from '../domain/config/completion.ts';
import type { Hover } from '../domain/config/hover.ts';
import type { Config } from '../domain/config/schema.ts';
import type {
  Annotation,
  Diagnostic,
  Estimate,
  Fix,
  Position,
  PreflightReport,
  Profiles,
  Range,
  TextEdit,
  Timings,
} from '../domain/preflight/report.ts';
import { deviceInfoSchema } from '../domain/runs/events.ts';
import type { TrainingSpec } from '../engine/training/spec.ts';
import { defineCalls, noEvents } from './calls.ts';
import { dataProfileSchema } from './data-profile.ts';

/** What the pre-flight worker is asked while somebody types. */

/** A schema of exactly a domain type, which crosses as it is. */
type As<T> = z.ZodType<T, T>;

const positionSchema: As<Position> = z.object({
  line: z.int().nonnegative(),
  character: z.int().nonnegative(),
});
const rangeSchema: As<Range> = z.object({ start: positionSchema, end: positionSchema });
const editSchema: As<TextEdit> = z.object({ range: rangeSchema, newText: z.string() });
const fixSchema: As<Fix> = z.object({ title: z.string(), edits: z.array(editSchema).readonly() });

const diagnosticSchema: As<Diagnostic> = z.object({
  code: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  message: z.string(),
  range: rangeSchema,
  fixes: z.array(fixSchema).readonly(),
  because: z.array(z.string()).readonly(),
});

const known = z.number().nullable();

const estimateSchema: As<Estimate> = z.object({
  parameters: known,
  bytes: z.object({
    weights: known,
    gradients: known,
    optimizer: known,
    activations: known,
    logits: known,
    total: known,
  }),
  flops_per_step: known,
  tokens_per_step: known,
  seconds: known,
});

const annotationSchema: As<Annotation> = z.object({
  line: z.int().nonnegative(),
  text: z.string(),
  tooltip: z.string(),
});

/** Both were made by the schema and the planner on the other side, in the same version of the program. */
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const configSchema = z.custom<Config>(isObject);
const specSchema = z.custom<TrainingSpec>(isObject);

const reportSchema: As<PreflightReport> = z.object({
  diagnostics: z.array(diagnosticSchema).readonly(),
  estimate: estimateSchema,
  annotations: z.array(annotationSchema).readonly(),
  readable: z.boolean(),
  config: configSchema.nullable(),
  spec: specSchema.nullable(),
});

const timingsSchema: As<Timings> = z.object({ device: z.string(), flops_per_second: z.number() });

const profilesSchema: As<Profiles> = z.object({
  device: deviceInfoSchema.nullable(),
  data: dataProfileSchema.nullable(),
  timings: timingsSchema.nullable(),
  sources: z.array(z.string()).readonly().nullable(),
});

const completionSchema: As<CompletionItem> = z.object({
  label: z.string(),
  kind: z.enum(['section', 'field', 'value']),
  detail: z.string(),
  documentation: z.string(),
  snippet: z.string(),
  range: rangeSchema,
  retrigger: z.boolean(),
});

const hoverSchema: As<Hover> = z.object({ range: rangeSchema, markdown: z.string() });

const cursorSchema = z.object({ text: z.string(), position: positionSchema });

export const preflightCalls = defineCalls({
  check: {
    input: z.object({ text: z.string(), profiles: profilesSchema }),
    event: noEvents,
    output: reportSchema,
  },
  complete: { input: cursorSchema, event: noEvents, output: z.array(completionSchema).readonly() },
  hover: { input: cursorSchema, event: noEvents, output: hoverSchema.nullable() },
});
