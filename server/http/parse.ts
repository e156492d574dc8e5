import type { z } from 'zod';
import { protocolErrors } from '../../src/protocol/errors.ts';

/** A part of a request as its schema reads it. Throws badRequest, which names the first field that does not fit. */
export function parse<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || what}: ${message}`);
  throw protocolErrors.badRequest({
    message: `Problems with ${what}: ${problems.slice(0, 5).join('; ')}`,
    where: parsed.error.issues[0]?.path.join('.') || what,
  });
}
