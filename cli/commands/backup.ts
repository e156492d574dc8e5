import { backup } from '../../server/store/sqlite/backup.ts';
import { parse, withUsage } from '../arguments.ts';
import { type CommandIo, EXIT } from '../io.ts';

/** A copy of the folder of a server that is stopped. */
export function run(args: readonly string[], io: CommandIo): Promise<number> {
  return withUsage(io, 'backup DIR [--data .anneal]', async () => {
    const { positional: to, values } = parse(args, { data: { type: 'string' } }, 'DIR');
    await backup(values.data ?? '.anneal', to);
    io.stdout.write(`Everything is in ${to}. Try it: npx anneal restore ${to} --data ANOTHER_FOLDER\n`);
    return EXIT.fine;
  });
}
