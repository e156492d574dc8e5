import { parseArgs } from 'node:util';
import { createClient } from '../../src/sdk/client.ts';
import { formatBytes } from '../../src/ui/format.ts';
import { UsageError, wholeOption, withUsage } from '../arguments.ts';
import { type CommandIo, EXIT } from '../io.ts';

const USAGE = 'artifacts collect [--dry-run] [--workspace W] [--grace-hours N] [--server URL] [--json]';
const SERVER = 'http://localhost:4600';

/** Asks a server that runs: what artifacts may go it alone knows. ANNEAL_API_KEY is an owner's, where people sign in. */
export function run(args: readonly string[], io: CommandIo): Promise<number> {
  return withUsage(io, USAGE, async () => {
    const { what, values } = read(args);
    if (what !== 'collect') throw new UsageError(`There is no "artifacts ${what}".`);
    const client = createClient({
      baseUrl: values.server,
      key: process.env.ANNEAL_API_KEY || undefined,
      timeoutMs: 600_000, // every document is searched
    });
    const graceHours = wholeOption('--grace-hours', values['grace-hours'], 1);
    const collection = await client.artifacts.collect(values.workspace, {
      dryRun: values['dry-run'],
      ...(graceHours === null ? {} : { graceHours }),
    });
    if (values.json) {
      io.stdout.write(`${JSON.stringify(collection)}\n`);
      return EXIT.fine;
    }
    const { artifacts, dryRun, freed, kept } = collection;
    for (const { sha256, bytes } of artifacts) io.stdout.write(`${sha256}  ${formatBytes(bytes)}\n`);
    const count = `${artifacts.length} ${artifacts.length === 1 ? 'artifact' : 'artifacts'}`;
    io.stdout.write(
      dryRun
        ? `Nothing refers to ${count}; without --dry-run ${formatBytes(freed)} are freed. ${kept} would stay.\n`
        : `Removed ${count}, ${formatBytes(freed)} freed. ${kept} stay.\n`,
    );
    return EXIT.fine;
  });
}

function read(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'dry-run': { type: 'boolean', default: false },
        workspace: { type: 'string', default: 'home' },
        'grace-hours': { type: 'string' },
        server: { type: 'string', default: SERVER },
        json: { type: 'boolean', default: false },
      },
    });
    const [what, more] = positionals;
    if (what === undefined) throw new UsageError('What to do with artifacts is missing.');
    if (more !== undefined) throw new UsageError(`"${more}" is one argument too many.`);
    return { what, values };
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    throw new UsageError(thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown));
  }
}
