import { resolve } from 'node:path';
import { AuditLog } from '../../server/audit/audit-log.ts';
import { auditKeyFile } from '../../server/audit/options.ts';
import { noVault } from '../../server/control/control.ts';
import { ControlClient } from '../../server/control/control-client.ts';
import { openStore } from '../../server/store/open.ts';
import { masterKeysIn } from '../../server/vault/master-key.ts';
import type { Rotated } from '../../server/vault/rotate.ts';
import { SealedStore } from '../../server/vault/sealed-store.ts';
import { parse, UsageError, withUsage } from '../arguments.ts';
import { type CommandIo, EXIT } from '../io.ts';

const USAGE = 'keys rotate [--data .anneal] [--json]';

/** Seals everything that is stored with new keys; also what was written before there was a master key. */
export function run(args: readonly string[], io: CommandIo): Promise<number> {
  return withUsage(io, USAGE, async () => {
    const { positional, values } = parse(
      args,
      { data: { type: 'string', default: '.anneal' }, json: { type: 'boolean' } },
      'rotate',
    );
    if (positional !== 'rotate') throw new UsageError(`There is no "keys ${positional}".`);
    const progress = (line: string): void => {
      if (!values.json) io.stderr.write(`${line}\n`);
    };
    const rotated = await rotate(resolve(values.data), progress);
    const { workspaces, rows, keys } = rotated;
    io.stdout.write(
      values.json
        ? `${JSON.stringify(rotated)}\n`
        : `${rows} rows of ${workspaces} workspaces are sealed with new keys; the master key seals all ${keys} keys.\n`,
    );
    return EXIT.fine;
  });
}

async function rotate(folder: string, progress: (line: string) => void): Promise<Rotated> {
  const server = await ControlClient.connect(folder);
  if (server !== null) {
    try {
      return (await server.call({ command: 'rotate' }, progress)) as Rotated;
    } finally {
      server.close();
    }
  }
  const master = masterKeysIn(process.env);
  if (master === null) throw noVault();
  const databaseUrl = process.env.ANNEAL_DATABASE_URL || null;
  const redisUrl = process.env.ANNEAL_REDIS_URL || null;
  const { store, fanout } = await openStore({ folder, databaseUrl, redisUrl });
  try {
    const clock = { now: Date.now, elapsed: () => performance.now() };
    const vault = await SealedStore.open(store, clock, master);
    const audit = await AuditLog.open({
      store: vault,
      clock,
      keyFile: auditKeyFile(folder, process.env.ANNEAL_AUDIT_KEY),
      log: progress,
      actions: ['keys.rotate', 'keys.rotated'],
    });
    try {
      return await vault.rotate(progress);
    } finally {
      await audit.close();
    }
  } finally {
    await fanout?.close();
    await store.close();
  }
}
