import { MessageType } from '../../src/protocol/sync.ts';
import type { DocumentName } from '../store/write.ts';
import { Cursor } from './cursor.ts';
import type { Fanout, Subscription } from './fanout.ts';
import { queryAwarenessFrame } from './frames.ts';

/** What a room does with what it hears from the same room on other servers. */
export interface LinkedRoom {
  adopt(updates: readonly Uint8Array[]): void;
  readonly awareness: {
    hear(payload: Uint8Array): void;
    here(): Uint8Array | null;
  };
}

/** A room's ear and mouth among the servers of one database: the frames are those that editors get, too. */
export class RoomLink {
  readonly #fanout: Fanout;
  readonly #channel: string;
  #subscription: Subscription | null = null;
  #closed = false;

  constructor(fanout: Fanout, { project, path }: DocumentName) {
    this.#fanout = fanout;
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

  close(): void {
    this.#closed = true;
    this.#subscription?.end();
  }

  #hear(room: LinkedRoom, frame: Uint8Array): void {
    const cursor = new Cursor(frame);
    switch (cursor.varUint()) {
      case MessageType.sync:
        cursor.varUint(); // an update: nothing else is said
        room.adopt([cursor.varBytes()]);
        break;
      case MessageType.awareness:
        room.awareness.hear(cursor.varBytes());
        break;
      case MessageType.queryAwareness: {
        const here = room.awareness.here();
        if (here !== null) this.say(here);
      }
    }
  }
}
