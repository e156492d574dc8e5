import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { UsageError } from '../cli/arguments.ts';

/** A bench's options; it takes no other arguments. Throws UsageError. */
export function benchOptions<const O extends ParseArgsOptionsConfig>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (thrown) {
    throw new UsageError(thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown));
  }
}

/** Throws UsageError for any other value. */
export function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  throw new UsageError(`${name} is one of ${known.join(', ')}, not "${value}".`);
}
