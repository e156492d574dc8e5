import * as encoding from 'lib0/encoding';
import { MessageType } from '../../src/protocol/sync.ts';
import type { DocumentName } from '../store/write.ts';
import { Cursor } from './cursor.ts';
import type { Fanout, Subscription } from './fanout.ts';
import { queryAwarenessFrame } from './frames.ts';

/** What a room does with what it hears from the same room on other servers. */
export interface LinkedRoom {
  /** False where they are not of the life of the document that this server knows. */
  adopt(updates: readonly Uint8Array[], generation: number): boolean | Promise<boolean>;
  readonly awareness: {
    hear(payload: Uint8Array): void;
    here(): Uint8Array | null;
  };
}

/**
 * A room's ear and mouth among the servers of one database: the frames are those that editors get, too. Behind
 * an update follows which life of the document it belongs to.
 */
export class RoomLink {
  readonly #fanout: Fanout;
  /** One of the two servers knows an older document; the database says which. */
  readonly #onDoubt: () => void;
  readonly #channel: string;
  #subscription: Subscription | null = null;
  #closed = false;

  constructor(fanout: Fanout, { project, path }: DocumentName, onDoubt: () => void) {
    this.#fanout = fanout;
    this.#onDoubt = onDoubt;
    this.#channel = `room:${project}\n${path}`;
  }

  /** Before the room loads, so that nothing falls between what it loads and what it hears. */
  async open(room: LinkedRoom): Promise<void> {
    const subscription = await this.#fanout.subscribe(this.#channel, (frame) => {
      if (!this.#closed) this.#hear(room, frame);
    });
    if (this.#closed) {
      subscription.end();
      return;
    }
    this.#subscription = subscription;
    this.say(queryAwarenessFrame());
  }

  say(frame: Uint8Array): void {
    this.#fanout.publish(this.#channel, frame);
  }

  /** An update that has been committed, framed as for editors. */
  tell(frame: Uint8Array, generation: number): void {
    this.say(
      encoding.encode((encoder) => {
        encoding.writeUint8Array(encoder, frame);
        encoding.writeVarUint(encoder, generation);
      }),
    );
  }

  close(): void {
    this.#closed = true;
    this.#subscription?.end();
  }

  #hear(room: LinkedRoom, frame: Uint8Array): void {
    const cursor = new Cursor(frame);
    switch (cursor.varUint()) {
      case MessageType.sync: {
        cursor.varUint(); // an update: nothing else is said
        const update = cursor.varBytes();
        void this.#adopt(room, update, cursor.varUint());
        break;
      }
      case MessageType.awareness:
        room.awareness.hear(cursor.varBytes());
        break;
      case MessageType.queryAwareness: {
        const here = room.awareness.here();
        if (here !== null) this.say(here);
      }
    }
  }

  async #adopt(room: LinkedRoom, update: Uint8Array, generation: number): Promise<void> {
    try {
      if (await room.adopt([update], generation)) return;
    } catch {
      // Not what a server of this version says.
    }
    if (!this.#closed) this.#onDoubt();
  }
}
