import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ReadHeads, readHeads } from '../../server/audit/heads.ts';
import { headsFileOf, readVerifyingKey } from '../../server/audit/key-file.ts';
import { auditKeyFile } from '../../server/audit/options.ts';
import { readEntries } from '../../server/audit/read-entries.ts';
import { verifyAudit } from '../../server/audit/verify.ts';
import { parse, UsageError, withUsage } from '../arguments.ts';
import { type CommandIo, EXIT } from '../io.ts';

const USAGE = 'audit verify [--data .anneal] [--audit-key FILE]... [--json]';

/** Whether anything was done to the audit log, and where. */
export function run(args: readonly string[], io: CommandIo): Promise<number> {
  return withUsage(io, USAGE, async () => {
    const { positional, values } = parse(
      args,
      {
        data: { type: 'string', default: '.anneal' },
        'audit-key': { type: 'string', multiple: true },
        json: { type: 'boolean' },
      },
      'verify',
    );
    if (positional !== 'verify') throw new UsageError(`There is no "audit ${positional}".`);
    const folder = resolve(values.data);
    // Servers that share a database have a key each.
    const keyFiles = values['audit-key'] ?? [auditKeyFile(folder, process.env.ANNEAL_AUDIT_KEY)];
    const heads = await Promise.all(keyFiles.map(headsBeside));
    const verdict = await verifyAudit(readEntries(folder, process.env.ANNEAL_DATABASE_URL || null), heads);
    const sound = verdict.findings.length === 0;
    if (values.json) io.stdout.write(`${JSON.stringify({ sound, ...verdict })}\n`);
    else {
      const lines = [
        ...verdict.findings.map(({ message }) => `${message}.`),
        ...verdict.notes.map((note) => `${note}.`),
        sound
          ? `${verdict.entries} entries stand as they were written, up to ${verdict.signedUpTo} as they were signed.`
          : 'Somebody changed the audit log, or the disk did.',
      ];
      io.stdout.write(`${lines.join('\n')}\n`);
    }
    return sound ? EXIT.fine : EXIT.errorsFound;
  });
}

async function headsBeside(keyFile: string): Promise<ReadHeads> {
  const key = await readVerifyingKey(keyFile);
  const path = headsFileOf(keyFile);
  try {
    return readHeads(await readFile(path, 'utf8'), key);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return { heads: [], faults: [`The signed heads cannot be read: ${why}`] };
  }
}
