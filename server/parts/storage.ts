import { resolve } from 'node:path';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { Collector } from '../artifacts/collect.ts';
import { openArtifacts } from '../artifacts/open.ts';
import type { Uploads } from '../artifacts/uploads.ts';
import { AuditLog } from '../audit/audit-log.ts';
import { auditKeyFile } from '../audit/options.ts';
import { controlOf } from '../control/control.ts';
import { ControlServer } from '../control/control-server.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import type { Fanout } from '../sync/fanout.ts';
import { openVault } from '../vault/open-vault.ts';
import type { Starting } from './starting.ts';

/** What is kept, and outlives the server: opened first and closed last. */
export interface Storage {
  /** Sealed, where there is a master key. */
  readonly store: Store;
  /** Null where this server has the database for itself. */
  readonly fanout: Fanout | null;
  readonly audit: AuditLog;
  readonly artifacts: ArtifactStore;
  readonly uploads: Uploads;
  readonly collector: Collector;
}

const MAX_ARTIFACT_BYTES = 16 * 1024 ** 3;

/**
 * Errors: dataInUse, dataDamaged, newerData, dataUnusable, badOption, databaseUnreachable, databaseUnsafe,
 * databaseShared, redisUnreachable, masterKeyMissing, masterKeyWrong, auditKeyUnusable, artifactsUnusable.
 */
export async function openStorage({ options, clock, log, closing }: Starting): Promise<Storage> {
  const { databaseUrl = null, redisUrl = null } = options;
  const folder = resolve(options.dataDir);
  const { store: database, fanout } = await openStore({ folder, databaseUrl, redisUrl });
  closing.add(() => database.close());
  if (fanout !== null) closing.add(() => fanout.close());
  const { store, vault } = await openVault(database, clock, options.masterKeys ?? null);
  const audit = await AuditLog.open({ store, clock, log, keyFile: auditKeyFile(folder, options.auditKey) });
  closing.add(() => audit.close());
  const record = (action: string, detail: Readonly<Record<string, unknown>>): Promise<void> =>
    audit.record({ actor: 'server', action, detail });
  const control = await ControlServer.open(folder, controlOf({ store, vault, folder, record }));
  if (control !== null) closing.add(() => control.close());
  const { close, ...kept } = await openArtifacts(store, clock, {
    dataDir: folder,
    maxBytes: options.maxArtifactBytes ?? MAX_ARTIFACT_BYTES,
    bucket: options.bucket ?? null,
    keys: vault?.keys ?? null,
    log,
    quotaBytes: options.quotaBytes ?? null,
    shared: fanout !== null,
  });
  closing.add(close);
  return { store, fanout, audit, ...kept };
}
