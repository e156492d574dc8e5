import type { Clock } from '../../src/base/clock.ts';
import { AnnealError } from '../../src/base/error.ts';
import { HOME_WORKSPACE } from '../access/principal.ts';
import { serverErrors } from '../errors.ts';
import { placeOf } from '../store/name-row.ts';
import type { InputOf, OutputOf, RequestName } from '../store/requests.ts';
import type { Store } from '../store/store.ts';
import type { DocumentName, Seed, Write, WriteUnit, Written } from '../store/write.ts';
import { KeyRing } from './key-ring.ts';
import type { MasterKeys } from './master-key.ts';
import { type Rotated, rotateKeys } from './rotate.ts';
import { isSealed, type RowPlace, RowSeal, sealingKeyOf } from './row-seal.ts';

interface Waiting {
  readonly unit: WriteUnit;
  readonly resolve: (written: Written) => void;
  readonly reject: (error: unknown) => void;
}

type Own = { readonly [N in RequestName]?: (input: InputOf<N>) => Promise<OutputOf<N>> };

/**
 * A store whose texts are sealed before they go in and opened when they come out: the log, snapshots and
 * versions. What was written before the vault came into use is read as it is, until `rotate` has sealed it.
 */
export class SealedStore implements Store {
  readonly #inner: Store;
  readonly #ring: KeyRing;
  readonly #seals = new Map<string, RowSeal>();
  /** Workspaces of projects. */
  readonly #workspaces = new Map<string, string>();
  #queue: Waiting[] = [];
  #draining: Promise<void> | null = null;
  readonly #own: Own;

  private constructor(inner: Store, ring: KeyRing) {
    this.#inner = inner;
    this.#ring = ring;
    this.#own = this.#interceptors();
  }

  /** Errors: masterKeyWrong. */
  static async open(inner: Store, clock: Clock, master: MasterKeys): Promise<SealedStore> {
    return new SealedStore(inner, await KeyRing.open(inner, clock, master));
  }

  /** For what is kept outside of the store: artifacts. */
  get keys(): KeyRing {
    return this.#ring;
  }

  get epoch(): number {
    return this.#inner.epoch;
  }

  get lsn(): number {
    return this.#inner.lsn;
  }

  call<N extends RequestName>(name: N, input: InputOf<N>): Promise<OutputOf<N>> {
    const own = this.#own[name] as ((input: InputOf<N>) => Promise<OutputOf<N>>) | undefined;
    return own === undefined ? this.#inner.call(name, input) : own(input);
  }

  /** What is written in one turn goes on in one turn, and so into one commit. */
  write(...unit: WriteUnit): Promise<Written> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ unit, resolve, reject });
      this.#draining ??= Promise.resolve().then(() => this.#drain());
    });
  }

  backup(file: string): Promise<void> {
    return this.#inner.backup(file);
  }

  scrub(): Promise<void> {
    return this.#inner.scrub();
  }

  async close(): Promise<void> {
    await this.#draining;
    await this.#inner.close();
  }

  /** Gives every workspace a new key and seals everything with it; every key gets the current master key's envelope. */
  rotate(progress: (line: string) => void): Promise<Rotated> {
    return rotateKeys({
      store: this.#inner,
      ring: this.#ring,
      seal: (key) => this.#sealOf(key.id),
      open: (place, bytes) => this.#open(place, bytes),
      progress,
    });
  }

  #interceptors(): Own {
    const inner = this.#inner;
    return {
      loadDocument: async (input) => {
        const { project } = input;
        await this.#workspaceOf(project);
        const stored = await inner.call('loadDocument', input);
        const open = (kind: RowPlace['kind'], bytes: Uint8Array, index: number) =>
          this.#open({ kind, project }, bytes).catch(async (error: AnnealError) => {
            const { updates, seq: upto } = stored;
            throw await this.#named(error, input, { index, of: updates.length, upto });
          });
        return {
          ...stored,
          snapshot: stored.snapshot === null ? null : await open('snapshot', stored.snapshot, -1),
          updates: await Promise.all(stored.updates.map((update, index) => open('log', update, index))),
        };
      },
      logAfter: async (input) => {
        const part = await inner.call('logAfter', input);
        const rows = part.rows.map(async (row) => {
          await this.#workspaceOf(row.project);
          return { ...row, data: await this.#open({ kind: 'log', project: row.project }, row.data) };
        });
        return { ...part, rows: await Promise.all(rows) };
      },
      compact: async (input) => {
        const seal = await this.#sealFor(input.project);
        const place = { kind: 'snapshot', project: input.project } as const;
        return inner.call('compact', { ...input, state: seal.seal(place, input.state) });
      },
      createProject: async (input) => {
        this.#workspaces.delete(input.id); // it may have been another one's before
        const seeds = await this.#sealedSeeds(input.workspace, input.id, input.seeds);
        return inner.call('createProject', { ...input, seeds });
      },
      createSample: async (input) => {
        const seeds = await this.#sealedSeeds(input.workspace, input.id, input.seeds);
        return inner.call('createSample', { ...input, seeds });
      },
      saveVersion: async (input) => {
        const seal = await this.#sealFor(input.project);
        const place = { kind: 'version', project: input.project } as const;
        return inner.call('saveVersion', { ...input, state: seal.seal(place, input.state) });
      },
      loadVersion: async (input) => {
        await this.#workspaceOf(input.project);
        const state = await inner.call('loadVersion', input);
        return state === null ? null : this.#open({ kind: 'version', project: input.project }, state);
      },
    };
  }

  async #sealedSeeds(workspace: string, project: string, seeds: readonly Seed[]): Promise<Seed[]> {
    const seal = this.#sealOf((await this.#ring.ensure(workspace)).id);
    return seeds.map((seed) => ({ ...seed, data: seal.seal({ kind: 'snapshot', project }, seed.data) }));
  }

  /** Null where it is not known yet which key it is. */
  #known(unit: WriteUnit, elsewhere?: string): WriteUnit | null {
    const sealed: Write[] = [];
    for (const write of unit) {
      if (!('data' in write)) {
        sealed.push(write);
        continue;
      }
      const workspace = this.#workspaces.get(write.project) ?? elsewhere;
      const key = workspace === undefined ? null : this.#ring.current(workspace);
      if (key === null) return null;
      sealed.push(sealedWrite(write, this.#sealOf(key.id)));
    }
    return sealed;
  }

  /** Projects of which it is not known yet whose key they need. */
  #unknown(batch: readonly Waiting[]): ReadonlySet<string> {
    const found = new Set<string>();
    for (const { unit } of batch)
      for (const write of unit) {
        if (!('data' in write)) continue;
        const workspace = this.#workspaces.get(write.project);
        if (workspace === undefined || this.#ring.current(workspace) === null) found.add(write.project);
      }
    return found;
  }

  /** Waits only where nobody has read the project yet, so that it is not known whose key is needed. */
  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue;
        this.#queue = [];
        try {
          for (const project of this.#unknown(batch)) await this.#sealFor(project);
        } catch (error) {
          for (const { reject } of batch) reject(error);
          continue;
        }
        for (const { unit, resolve, reject } of batch) {
          try {
            // The store refuses to write into what is not there.
            const sealed = this.#known(unit) ?? this.#known(unit, HOME_WORKSPACE);
            const project = unit[0]?.project ?? '';
            if (sealed === null) reject(sealBroken({ kind: 'log', project }, 'there is no key'));
            else this.#inner.write(...sealed).then(resolve, reject);
          } catch (error) {
            reject(error); // what cannot be sealed keeps nobody else's from the disk
          }
        }
      }
    } finally {
      this.#draining = null; // at once: who writes a moment later must not rely on a drain that is over
    }
  }

  /** The same, with the row that does not open. */
  async #named(
    error: AnnealError,
    name: DocumentName,
    piece: Parameters<typeof placeOf>[2],
  ): Promise<AnnealError> {
    const place = await placeOf(this.#inner, name, piece).catch(() => null);
    if (place === null) return error;
    const { document, row } = place;
    const what =
      row === null ? `the snapshot of document ${document}` : `row ${row} of its log (document ${document})`;
    return new AnnealError(
      {
        ...error.toJSON(),
        message: `${error.message}: ${name.path}, ${what}`,
        data: { ...error.data, ...place },
      },
      { cause: error },
    );
  }

  async #sealFor(project: string): Promise<RowSeal> {
    const workspace = await this.#workspaceOf(project);
    return this.#sealOf((await this.#ring.ensure(workspace)).id);
  }

  #sealOf(id: string): RowSeal {
    const known = this.#seals.get(id);
    if (known !== undefined) return known;
    const key = this.#ring.byId(id);
    if (key === null) throw serverErrors.sealBroken({ where: `key ${id}` });
    const seal = new RowSeal(key);
    this.#seals.set(id, seal);
    return seal;
  }

  async #workspaceOf(project: string): Promise<string> {
    const known = this.#workspaces.get(project);
    if (known !== undefined) return known;
    const found = await this.#inner.call('getProject', project);
    if (found === null) return HOME_WORKSPACE;
    await this.#ring.ensure(found.workspace);
    this.#workspaces.set(project, found.workspace);
    return found.workspace;
  }

  async #open(place: RowPlace, bytes: Uint8Array): Promise<Uint8Array> {
    if (!isSealed(bytes)) {
      const workspace = this.#workspaces.get(place.project);
      const strict = workspace !== undefined && this.#ring.current(workspace)?.strict === true;
      if (strict) throw sealBroken(place, 'it is not sealed, and everything else is');
      return bytes;
    }
    const id = sealingKeyOf(bytes);
    if (id === null) throw sealBroken(place, 'it was cut, or a later version wrote it');
    if (this.#ring.byId(id) === null) await this.#ring.reload(); // another server has rotated the keys
    if (this.#ring.byId(id) === null) throw sealBroken(place, 'its key is not there');
    const opened = this.#sealOf(id).open(place, bytes);
    if (opened === null) throw sealBroken(place, 'it was changed, or belongs elsewhere');
    return opened;
  }
}

function sealedWrite(write: Extract<Write, { readonly data: Uint8Array }>, seal: RowSeal): Write {
  const kind = write.kind === 'append' ? 'log' : 'snapshot';
  return { ...write, data: seal.seal({ kind, project: write.project }, write.data) };
}

function sealBroken({ kind, project }: RowPlace, why: string) {
  const message = `${serverErrors.sealBroken.title}: ${why}`;
  return serverErrors.sealBroken({ where: `${kind} of ${project}`, message });
}
