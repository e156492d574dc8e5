import { z } from 'zod';
import type { ErrorFacts } from '../base/error.ts';

/** An error as it is stored and as it crosses a boundary: the facts, never the stack. */
export const errorFactsSchema: z.ZodType<ErrorFacts> = z.object({
  code: z.templateLiteral(['ANN-', z.string(), '-', z.string()]),
  message: z.string(),
  where: z.string().exactOptional(),
  fix: z.string(),
  data: z.record(z.string(), z.unknown()).exactOptional(),
});
