import { restore } from '../../server/store/sqlite/backup.ts';
import { parse, withUsage } from '../arguments.ts';
import { type CommandIo, EXIT } from '../io.ts';

/** A server's folder, made of a backup. */
export function run(args: readonly string[], io: CommandIo): Promise<number> {
  return withUsage(io, 'restore DIR [--data .anneal]', async () => {
    const { positional: from, values } = parse(args, { data: { type: 'string' } }, 'DIR');
    const folder = values.data ?? '.anneal';
    await restore(from, folder);
    io.stdout.write(`${folder} is as it was. Open editors send again what they wrote since.\n`);
    return EXIT.fine;
  });
}
