import type { Clock } from '../../src/base/clock.ts';
import { serverErrors } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { MasterKeys } from './master-key.ts';
import { SealedStore } from './sealed-store.ts';

/**
 * The store with the vault around it, where there is a master key. A store that is sealed is not opened without.
 * Errors: masterKeyMissing, masterKeyWrong.
 */
export async function openVault(
  store: Store,
  clock: Clock,
  master: MasterKeys | null,
): Promise<{ readonly store: Store; readonly vault: SealedStore | null }> {
  if (master !== null) {
    const vault = await SealedStore.open(store, clock, master);
    return { store: vault, vault };
  }
  if ((await store.call('vaultKeys', null)).length > 0) {
    throw serverErrors.masterKeyMissing({ where: 'ANNEAL_MASTER_KEY' });
  }
  return { store, vault: null };
}
