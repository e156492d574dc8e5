import { z } from 'zod';
import { errorFactsSchema } from '../../src/domain/error-facts.ts';

/** What the server of a data folder can be told through its socket; one line of JSON each way. */
const commandSchema = z.discriminatedUnion('command', [
  /** Copies everything into a folder that is not there yet, while the server goes on. */
  z.object({ command: z.literal('backup'), folder: z.string() }),
  /** A part of the audit log, in order. */
  z.object({
    command: z.literal('audit'),
    after: z.number().int(),
    limit: z.number().int().min(1).max(10_000),
  }),
  /** Seals everything with new keys. */
  z.object({ command: z.literal('rotate') }),
]);
export type ControlCommand = z.infer<typeof commandSchema>;

const answerSchema = z.union([
  z.object({ progress: z.string() }),
  z.object({ facts: errorFactsSchema }),
  z.object({ output: z.unknown() }),
]);
export type ControlAnswer = z.infer<typeof answerSchema>;

/** Null where the line is none. */
export function parseCommand(line: string): ControlCommand | null {
  return parse(commandSchema, line);
}

export function parseAnswer(line: string): ControlAnswer | null {
  return parse(answerSchema, line);
}

function parse<T>(schema: z.ZodType<T>, line: string): T | null {
  try {
    return schema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
