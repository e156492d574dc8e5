import { randomBytes } from 'node:crypto';
import type { Clock } from '../../src/base/clock.ts';
import { serverErrors } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { type DataKey, unwrap, wrap } from './envelope.ts';
import type { MasterKeys } from './master-key.ts';

/** Bytes of a key's id, in every sealed text: which key it was. */
export const KEY_ID_BYTES = 8;

/** The keys of all workspaces in memory; the database has them sealed with the master key. */
export class KeyRing {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #master: MasterKeys;
  readonly #byId = new Map<string, DataKey>();
  readonly #current = new Map<string, DataKey>();
  readonly #making = new Map<string, Promise<DataKey>>();

  private constructor(store: Store, clock: Clock, master: MasterKeys) {
    this.#store = store;
    this.#clock = clock;
    this.#master = master;
  }

  /** Errors: masterKeyWrong. */
  static async open(store: Store, clock: Clock, master: MasterKeys): Promise<KeyRing> {
    const ring = new KeyRing(store, clock, master);
    await ring.reload();
    return ring;
  }

  byId(id: string): DataKey | null {
    return this.#byId.get(id) ?? null;
  }

  /** Null where the workspace has none yet. */
  current(workspace: string): DataKey | null {
    return this.#current.get(workspace) ?? null;
  }

  /** Another server may have made keys. Errors: masterKeyWrong. */
  async reload(): Promise<void> {
    for (const { id, workspace, wrapped } of await this.#store.call('vaultKeys', null)) {
      const { current, previous } = this.#master;
      const place = { id, workspace };
      const key = unwrap(place, wrapped, current) ?? (previous && unwrap(place, wrapped, previous));
      if (key === null) throw serverErrors.masterKeyWrong({ where: 'ANNEAL_MASTER_KEY' });
      this.#byId.set(id, key);
      this.#current.set(workspace, key); // in the order in which they were made
    }
  }

  /** The key that the workspace's data is sealed with from now on. */
  async ensure(workspace: string): Promise<DataKey> {
    const known = this.#current.get(workspace);
    if (known !== undefined) return known;
    const making =
      this.#making.get(workspace) ??
      this.#store
        .call('hasDocuments', workspace)
        .then((has) => this.make(workspace, !has))
        .finally(() => this.#making.delete(workspace));
    this.#making.set(workspace, making);
    return making;
  }

  async make(workspace: string, strict: boolean): Promise<DataKey> {
    const id = randomBytes(KEY_ID_BYTES).toString('hex');
    const key = { id, workspace, bytes: randomBytes(32), strict };
    await this.#keep(key);
    return key;
  }

  /** Everything of the workspace is sealed now, and nothing else is believed any more. */
  async close(key: DataKey): Promise<void> {
    await this.#keep({ ...key, strict: true });
  }

  /** Puts every key into an envelope of the current master key. Resolves with how many there are. */
  async rewrap(): Promise<number> {
    await this.reload();
    const keys = [...this.#byId.values()];
    for (const key of keys) {
      const wrapped = wrap(key, this.#master.current);
      await this.#store.call('rewrapVaultKey', { id: key.id, wrapped });
    }
    return keys.length;
  }

  async #keep(key: DataKey): Promise<void> {
    const wrapped = wrap(key, this.#master.current);
    const { id, workspace } = key;
    if (this.#byId.has(id)) await this.#store.call('rewrapVaultKey', { id, wrapped });
    else await this.#store.call('addVaultKey', { id, workspace, wrapped, created: this.#clock.now() });
    this.#byId.set(id, key);
    this.#current.set(workspace, key);
  }
}
