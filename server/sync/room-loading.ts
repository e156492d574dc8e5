import * as Y from 'yjs';
import { emittedBy } from './emitted-by.ts';
import { updateFrame } from './frames.ts';
import { storedPortions } from './portions.ts';
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
    await turns.run(this.#portions(stored));
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
