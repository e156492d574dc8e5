import { resolve } from 'node:path';
import { auditKeyFile } from '../../server/audit/options.ts';
import { signRestore } from '../../server/audit/sign-restore.ts';
import { restore } from '../../server/store/sqlite/backup.ts';
import { parse, withUsage } from '../arguments.ts';
import { type CommandIo, EXIT } from '../io.ts';

/** A server's folder, made of a backup. */
export function run(args: readonly string[], io: CommandIo): Promise<number> {
  return withUsage(io, 'restore DIR [--data .anneal] [--audit-key FILE]', async () => {
    const options = { data: { type: 'string' }, 'audit-key': { type: 'string' } } as const;
    const { positional: from, values } = parse(args, options, 'DIR');
    const folder = resolve(values.data ?? '.anneal');
    await restore(from, folder);
    const keyFile = auditKeyFile(folder, values['audit-key'] ?? process.env.ANNEAL_AUDIT_KEY);
    if (await signRestore(folder, keyFile, Date.now())) {
      io.stdout.write(`The signed heads of the audit log say that it was put back: ${keyFile}.heads\n`);
    }
    io.stdout.write(`${folder} is as it was. Open editors send again what they wrote since.\n`);
    return EXIT.fine;
  });
}
