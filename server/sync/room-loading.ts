import * as Y from 'yjs';
import type { AnnealError } from '../../src/base/error.ts';
import { serverErrors } from '../errors.ts';
import { placeOf } from '../store/name-row.ts';
import type { StoredDocument } from '../store/requests/documents.ts';
import { emittedBy } from './emitted-by.ts';
import { updateFrame } from './frames.ts';
import { storedPortions, UnreadablePiece } from './portions.ts';
import type { LinkedRoom } from './room-link.ts';
import type { RoomCore } from './room-parts.ts';

/** What another server wrote, and of which life of the document. */
interface Told {
  readonly updates: readonly Uint8Array[];
  readonly generation: number;
}

/** How what is stored comes into memory: when the room begins, and when another server has written. */
export class RoomLoading {
  readonly #core: RoomCore;
  /** What other servers said while the document was being loaded. */
  readonly #early: Told[] = [];

  constructor(core: RoomCore) {
    this.#core = core;
  }

  async load(room: LinkedRoom): Promise<void> {
    const { document, life, link, log, name, parts } = this.#core;
    await link?.open(room);
    const stored = await parts.store.call('loadDocument', name);
    const { turns } = parts;
    try {
      await turns.run(this.#portions(stored));
    } catch (error) {
      throw error instanceof UnreadablePiece ? await this.#damaged(error, stored) : error;
    }
    log.loaded(stored);
    for (let told = this.#early.shift(); told !== undefined; told = this.#early.shift()) {
      // What is of another life is either over, or the next look at the database ends this room.
      if (log.isOf(told.generation)) await turns.run(this.#portions({ ...told, snapshot: null }));
    }
    document.loaded();
    life.step({ kind: 'loaded' });
  }

  /** See Room.adopt. */
  adopt(updates: readonly Uint8Array[], generation: number): boolean | Promise<boolean> {
    const { life, log, parts } = this.#core;
    if (life.phase === 'closed') return true;
    if (life.phase === 'loading') {
      this.#early.push({ updates, generation });
      return true;
    }
    if (!log.isOf(generation)) return false;
    return parts.turns.run(this.#portions({ snapshot: null, updates })).then(() => true);
  }

  /** Nothing has been written: what is stored stays as it is for whoever looks after the server. */
  async #damaged({ index, message }: UnreadablePiece, stored: StoredDocument): Promise<AnnealError> {
    const { name, parts } = this.#core;
    const place = await placeOf(parts.store, name, { index, of: stored.updates.length, upto: stored.seq });
    const what =
      place === null
        ? 'a row that has gone meanwhile'
        : place.row === null
          ? `the snapshot of document ${place.document}`
          : `row ${place.row} of its log (document ${place.document})`;
    return serverErrors.documentDamaged({
      where: `${name.project}/${name.path}`,
      message: `${name.path} cannot be opened: ${what} is damaged: ${message}`,
      ...(place === null ? {} : { data: { ...name, ...place } }),
    });
  }

  #portions(stored: { readonly snapshot: Uint8Array | null; readonly updates: readonly Uint8Array[] }) {
    const { document, life, log, peers } = this.#core;
    const { doc } = document;
    return storedPortions(doc, document.kind, stored, (part) => {
      if (life.phase === 'closed') return;
      document.willChange();
      if (life.phase === 'loading') {
        Y.applyUpdate(doc, part, 'store');
        return;
      }
      const emitted = emittedBy(doc, () => Y.applyUpdate(doc, part, 'store'));
      if (emitted.length > 0) log.adopted(part.length);
      document.hasText ||= emitted.length > 0;
      document.learnRetired();
      for (const frame of emitted.map(updateFrame)) for (const peer of peers) peer.send(frame);
    });
  }
}
