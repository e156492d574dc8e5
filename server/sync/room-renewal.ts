import { CloseCode, TEXT_ROOT } from '../../src/protocol/sync.ts';
import { Together } from '../store/together.ts';
import { isOutgrown } from './outgrown.ts';
import type { RoomCore } from './room-parts.ts';
import { type Follower, nextGeneration } from './rotation.ts';

export const ANEW = 'The document begins anew';

/** When a document begins anew without its history, and how it is done (rotation.ts). */
export class RoomRenewal {
  readonly #core: RoomCore;
  #running = false;
  #failed = false;

  constructor(core: RoomCore) {
    this.#core = core;
  }

  get isPossible(): boolean {
    const { document, log, parts } = this.#core;
    return isOutgrown(document.doc, document.kind, log.stateBytes, parts.limits);
  }

  /** To be done while nobody is in it. What failed stays old until it is loaded the next time, or is full. */
  get isDue(): boolean {
    return !this.#failed && this.isPossible;
  }

  /** The content becomes the first state of a new generation. Nobody is let in until it has. */
  async begin(when: 'full' | 'idle'): Promise<void> {
    const { document, life, name, parts } = this.#core;
    const { kind } = document;
    if (kind === 'review' || !life.isOpen || this.#running) return;
    this.#running = true;
    life.step({ kind: 'wrote' });
    try {
      await parts.onRotate(name, async (follower) => {
        const isWanted = (): boolean => life.isOpen && (when === 'full' || life.users === 0);
        if (isWanted()) await this.#beginAnew(kind, follower, isWanted);
      });
    } catch {
      this.#failed = true;
    } finally {
      this.#running = false;
      life.settled();
    }
  }

  async #beginAnew(kind: 'text' | 'project', follower: Follower, isWanted: () => boolean): Promise<void> {
    const { document, life, log, name, peers, parts } = this.#core;
    const { shared, store, turns } = parts;
    const taken = await shared?.take(name, ANEW, isWanted); // no other server that answers has it in memory now
    try {
      if (!isWanted()) return; // another server was first, or somebody came
      for (const peer of [...peers]) peer.close(CloseCode.resync, ANEW);
      life.step({ kind: 'close' });
      await log.durable;
      await shared?.catchUp.look(); // what still waits after that waits for what was never written
      const { upto } = log; // what another server still writes behind it has the store refuse the new beginning
      const authored: Follower['authored'] = (text) => follower.authored(text);
      const { state, stretches } = await turns.run(nextGeneration(document.doc, kind, authored));
      const together = new Together();
      if (kind === 'text') follower.follow(document.doc.getText(TEXT_ROOT), stretches, together);
      void log.rotate(state, upto, together);
      await together.commit(store);
    } finally {
      await taken?.release();
    }
  }
}
