import * as Y from 'yjs';
import { type AnnealError, toAnnealError } from '../../src/base/error.ts';
import { serverErrors } from '../errors.ts';
import type { Writer } from '../store/write.ts';
import { emittedBy } from './emitted-by.ts';
import { updateFrame } from './frames.ts';
import type { RoomCore, RoomPeer } from './room-parts.ts';
import type { Scan } from './scan-update.ts';

const closing = (): AnnealError => serverErrors.storeFailed({ message: 'The room is closing' });

/** The way of every change to a document: into memory, to the others, and to the disk. */
export class RoomChanges {
  readonly #core: RoomCore;

  constructor(core: RoomCore) {
    this.#core = core;
  }

  /** Runs a change, tells everybody but `from`, and hands what changed to the store; resolves when it is on disk. */
  make(change: () => void, from: RoomPeer | null, writer?: Writer): Promise<void> {
    const { document, life } = this.#core;
    if (!life.isOpen) return Promise.reject(closing());
    document.willChange();
    let failure: AnnealError | null = null;
    const changes = emittedBy(document.doc, () => {
      try {
        change();
      } catch (cause) {
        // What had taken effect before stays, here and everywhere.
        failure = toAnnealError(cause, serverErrors.malformedUpdate);
      }
    });
    const durable = this.#publish(changes, from, writer);
    return failure === null ? durable : Promise.reject(failure);
  }

  /** All of the update is new, and nothing of it waits: it goes to the others and to the disk as it came. */
  passOn(
    update: Uint8Array,
    { ranges }: Scan,
    from: RoomPeer | null,
    writer: Writer | undefined,
  ): Promise<void> {
    const { document, life } = this.#core;
    const { doc } = document;
    if (!life.isOpen) return Promise.reject(closing());
    document.willChange();
    try {
      Y.applyUpdate(doc, update);
    } catch (cause) {
      // As above; what that was is to be found out only now.
      const before = Y.decodeStateVector(Y.encodeStateVector(doc));
      for (const [client, { from: clock }] of ranges) before.set(client, clock);
      const effect = Y.encodeStateAsUpdate(doc, Y.encodeStateVector(before));
      this.#publish([effect], from, writer).catch(() => undefined);
      return Promise.reject(toAnnealError(cause, serverErrors.malformedUpdate));
    }
    const copy = new Uint8Array(update); // it came with others in one piece of memory
    return this.#publish([copy], from, writer);
  }

  /** Tells everybody but `from`, and hands it to the store. */
  #publish(changes: readonly Uint8Array[], from: RoomPeer | null, writer?: Writer): Promise<void> {
    const { peers, link, log } = this.#core;
    const frames = changes.map(updateFrame);
    for (const frame of frames) for (const peer of peers) if (peer !== from) peer.send(frame);
    const durable = this.#write(changes, writer);
    const { generation } = log;
    const tell = (): void => {
      for (const frame of frames) link?.tell(frame, generation);
    };
    // Only then: who sends it to another server, too, is promised there what that one holds.
    if (link !== null) durable.then(tell, () => undefined);
    return durable;
  }

  #write(updates: readonly Uint8Array[], writer?: Writer): Promise<void> {
    const { document, log, name, parts } = this.#core;
    if (updates.length > 0 && !document.hasText && document.kind === 'text') {
      document.hasText = true;
      parts.onFirstText(name);
    }
    return log.append(updates, writer);
  }
}
