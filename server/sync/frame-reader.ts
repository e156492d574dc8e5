import { can } from '../../src/domain/access/roles.ts';
import { CloseCode, MessageType, SyncMessageType } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import { Cursor, MalformedBytes } from './cursor.ts';
import type { Inlet } from './inlet.ts';
import { bringsNothing, bringsOf } from './nothing-new.ts';
import type { Outlet } from './outlet.ts';
import { Forbidden } from './refusal.ts';
import type { Room } from './room.ts';
import type { RoomPeer } from './room-parts.ts';
import { OutOfOrder } from './update-checks.ts';

/** More clients than any document has (limits.ts): no editor asks like this. */
const MAX_VECTOR_CLIENTS = 20_000;

export interface ReaderParts {
  readonly peer: RoomPeer;
  readonly room: Room;
  readonly acknowledgements: Acknowledgements;
  readonly outlet: Outlet;
  readonly inlet: Pick<Inlet, 'spend' | 'flow'>;
  /** How long is waited for the answer to the server's step 1, where something is to be in it. */
  readonly answerMs: number;
}

/** What the frames of one socket say, and what is answered. */
export class FrameReader {
  readonly #parts: ReaderParts;
  #stopped = false;
  /** The server's step 1 has been answered. */
  #answered = false;
  /** Somebody who may only read has answered. */
  #heardReader = false;
  #patience: NodeJS.Timeout | null = null;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  stop(): void {
    this.#stopped = true;
    this.#endPatience();
  }

  /** Null where it has been dealt with. */
  read(frame: Uint8Array): Promise<void> | null {
    const { inlet, outlet, peer, room } = this.#parts;
    const cursor = new Cursor(frame);
    switch (cursor.varUint()) {
      case MessageType.sync:
        return this.#readSync(cursor);
      case MessageType.awareness:
        room.awareness.receive(peer, cursor.varBytes());
        room.awareness.introduce(peer);
        return null;
      case MessageType.queryAwareness: {
        const others = room.awareness.everybody(peer);
        if (others === null) return null;
        inlet.spend({ bytes: others.length });
        outlet.send(others);
        return null;
      }
      case MessageType.auth:
        return null;
      default:
        throw new MalformedBytes('there is no message of this type');
    }
  }

  #readSync(cursor: Cursor): Promise<void> | null {
    const { inlet, outlet, peer, room } = this.#parts;
    const type = cursor.varUint();
    const payload = cursor.varBytes();
    if (type === SyncMessageType.step1) {
      const missing = this.#missingFrom(payload);
      inlet.spend({ bytes: missing.length }); // a short question can have a long answer
      outlet.answer(missing);
      return null;
    }
    if (type !== SyncMessageType.step2 && type !== SyncMessageType.update) {
      throw new MalformedBytes('there is no sync message of this type');
    }
    room.awareness.introduce(peer);
    return this.#takeIn(payload, type === SyncMessageType.step2);
  }

  #missingFrom(stateVector: Uint8Array): Uint8Array {
    const { room } = this.#parts;
    const cursor = new Cursor(stateVector);
    const clients = cursor.varUint();
    if (clients > MAX_VECTOR_CLIENTS) throw new MalformedBytes('a state vector with too many clients');
    for (let i = 0; i < clients; i++) {
      if (room.isRetired(cursor.varUint())) throw serverErrors.rotatedUpdate();
      cursor.varUint();
    }
    return room.missingFrom(stateVector);
  }

  #mayEdit(): boolean {
    const { peer, room } = this.#parts;
    return room.kind !== 'review' && can(peer.guest.role(), 'document.edit');
  }

  readonly #check = (): void => {
    // Who has gone was promised nothing: what is left of his update is not worth anybody's time.
    if (this.#stopped || !this.#mayEdit()) throw new Forbidden();
  };

  #takeIn(update: Uint8Array, isAnswer: boolean): Promise<void> | null {
    const { acknowledgements, peer, room } = this.#parts;
    const count = acknowledgements.received();
    if (isAnswer) this.#wasAnswered();
    if (!this.#mayEdit()) return this.#hearReader(update, count, isAnswer);
    let received: ReturnType<Room['receive']>;
    try {
      received = room.receive(update, peer, this.#check, isAnswer);
    } catch (error) {
      if (!(error instanceof OutOfOrder) || this.#answered) throw error;
      this.#leaveOut(count);
      return null;
    }
    if (received instanceof Promise) {
      const held = acknowledgements.hold(update.length); // while it is tried, behind those of others
      return received
        .then(({ durable }) => this.#acknowledge(durable, count, update.length))
        .finally(() => acknowledgements.letGo(held));
    }
    this.#acknowledge(received.durable, count, update.length);
    return null;
  }

  /** It builds on what was written offline: the answer to step 1 brings both, and is on its way. */
  #leaveOut(count: number): void {
    const { acknowledgements, answerMs, peer } = this.#parts;
    acknowledgements.leftOut(count);
    if (this.#patience !== null) return;
    this.#patience = setTimeout(() => {
      this.#patience = null;
      peer.close(CloseCode.resync, 'What this update builds on has not come');
    }, answerMs);
    this.#patience.unref();
  }

  #wasAnswered(): void {
    this.#answered = true;
    this.#parts.acknowledgements.cameAgain();
    this.#endPatience();
  }

  #endPatience(): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
  }

  /**
   * Who may only read answers the server's step 1 with what he has heard, of another server perhaps, or before a
   * crash. What the server does not have all the same it has lost: that is not his to bring back, and no offence.
   */
  #hearReader(update: Uint8Array, count: number, isAnswer: boolean): Promise<void> | null {
    const { acknowledgements, peer, room } = this.#parts;
    const isFirst = isAnswer && !this.#heardReader;
    this.#heardReader ||= isAnswer;
    const isNothing = (): boolean => {
      if (!bringsNothing(update, room.kind, room.doc, isAnswer)) return false;
      this.#acknowledge(room.durable, count, update.length);
      return true;
    };
    if (isNothing()) return null;
    if (!isFirst || room.kind === 'review') throw new Forbidden();
    return room.look().then(() => {
      if (this.#stopped || isNothing()) return;
      const own = room.awareness.speaksFor(peer);
      if (own !== null && bringsOf(own, update, room.kind, room.doc)) throw new Forbidden();
      acknowledgements.leftOut(count);
    });
  }

  #acknowledge(durable: Promise<void>, count: number, bytes: number): void {
    this.#parts.acknowledgements.wait(durable, count, bytes);
    this.#parts.inlet.flow();
  }
}
