import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { DEVICE_NAMES, type DeviceChoice } from '../src/engine/device.ts';
import { type CommandIo, EXIT } from './io.ts';

/** A command line that does not fit the command; its message is shown with the usage. */
export class UsageError extends Error {}

/** Options and exactly one positional argument. Throws UsageError. */
export function parse<const O extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: O,
  what: string,
) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
    });
    const [first, second] = positionals;
    if (first === undefined) throw new UsageError(`${what} is missing.`);
    if (second !== undefined) throw new UsageError(`"${second}" is one argument too many.`);
    return { positional: first, values };
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    throw new UsageError(thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown));
  }
}

export function deviceOption(value: string | undefined): DeviceChoice | null {
  if (value === undefined) return null;
  const known = (['auto', ...DEVICE_NAMES] as const).find((name) => name === value);
  if (known !== undefined) return known;
  throw new UsageError(`There is no device "${value}"; there are auto, ${DEVICE_NAMES.join(', ')}.`);
}

/** A whole number of at least `least`; null where the option is not given. */
export function wholeOption(name: string, value: string | undefined, least: number): number | null {
  if (value === undefined) return null;
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < least) {
    throw new UsageError(`${name} takes a whole number of at least ${least}, not "${value}".`);
  }
  return number;
}

/** Runs a command's body; a UsageError becomes a message, the usage and exit code 2. */
export async function withUsage(io: CommandIo, usage: string, body: () => Promise<number>): Promise<number> {
  try {
    return await body();
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    io.stderr.write(`${thrown.message}\nUsage: anneal ${usage}\n`);
    return EXIT.usage;
  }
}
