import { resolve } from 'node:path';
import { ControlClient } from '../../server/control/control-client.ts';
import { backup } from '../../server/store/sqlite/backup.ts';
import { parse, withUsage } from '../arguments.ts';
import { type CommandIo, EXIT } from '../io.ts';

/** A copy of a server's folder; where the server runs, it makes the copy itself and goes on meanwhile. */
export function run(args: readonly string[], io: CommandIo): Promise<number> {
  return withUsage(io, 'backup DIR [--data .anneal]', async () => {
    const { positional, values } = parse(args, { data: { type: 'string' } }, 'DIR');
    const [folder, to] = [resolve(values.data ?? '.anneal'), resolve(positional)];
    const server = await ControlClient.connect(folder);
    if (server === null) await backup(folder, to);
    else {
      try {
        await server.call({ command: 'backup', folder: to }, (line) => io.stderr.write(`${line}\n`));
      } finally {
        server.close();
      }
    }
    io.stdout.write(`Everything is in ${to}. Try it: npx anneal restore ${to} --data ANOTHER_FOLDER\n`);
    return EXIT.fine;
  });
}
