import { backUpLive } from '../backup/live-backup.ts';
import { serverErrors } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { SealedStore } from '../vault/sealed-store.ts';
import type { Control } from './control-server.ts';

export interface ControlParts {
  readonly store: Store;
  readonly vault: SealedStore | null;
  /** The data folder. */
  readonly folder: string;
  /** Leaves a line in the audit log. */
  readonly record: (action: string, detail: Readonly<Record<string, unknown>>) => Promise<void>;
}

/** What the running server does when it is told to. */
export function controlOf({ store, vault, folder, record }: ControlParts): Control {
  return async (command, progress) => {
    switch (command.command) {
      case 'audit':
        return store.call('auditEntries', { after: command.after, limit: command.limit });
      case 'backup': {
        await record('backup', { folder: command.folder });
        return backUpLive({ store, folder, progress }, command.folder);
      }
      case 'rotate': {
        if (vault === null) throw noVault();
        await record('keys.rotate', {});
        return vault.rotate(progress);
      }
    }
  };
}

export function noVault() {
  return serverErrors.badOption({
    where: 'ANNEAL_MASTER_KEY',
    message: 'There is no master key: set ANNEAL_MASTER_KEY to seal what is stored',
  });
}
