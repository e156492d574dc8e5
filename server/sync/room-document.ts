import * as Y from 'yjs';
import { type DocumentKind, TEXT_ROOT } from '../../src/protocol/sync.ts';
import { removeCarriageReturns } from './carriage-returns.ts';
import { Retired } from './retired.ts';
import { retiredClients } from './rotation.ts';

/** A document in memory, and what is known about it. */
export class RoomDocument {
  readonly kind: DocumentKind;
  readonly doc = new Y.Doc();
  /** Somebody has written into it. */
  hasText = false;
  /** Yjs clients of generations that are over. */
  #retired = Retired.none;
  /** The whole state as bytes, while nothing has changed since. */
  #encoded: Uint8Array | null = null;

  constructor(kind: DocumentKind) {
    this.kind = kind;
  }

  get retired(): Retired {
    return this.#retired;
  }

  /** Part of what was received waits for other updates. */
  get waits(): boolean {
    const { pendingStructs, pendingDs } = this.doc.store;
    return pendingStructs !== null || pendingDs !== null;
  }

  loaded(): void {
    this.#retired = retiredClients(this.doc);
    this.hasText = this.doc.share.size > 0;
  }

  /** The document comes back to a server that lost it, and who is retired with it. */
  learnRetired(): void {
    if (this.#retired.size === 0) this.#retired = retiredClients(this.doc);
  }

  encode(): Uint8Array {
    this.#encoded ??= Y.encodeStateAsUpdate(this.doc);
    return this.#encoded;
  }

  /** To be called before anything is done to the document. */
  willChange(): void {
    this.#encoded = null;
  }

  /** What a client with this state vector has not, as an update. */
  missingFrom(stateVector: Uint8Array): Uint8Array {
    return stateVector.length === 1 ? this.encode() : Y.encodeStateAsUpdate(this.doc, stateVector);
  }

  apply(update: Uint8Array, carriageReturn: boolean): void {
    const { doc } = this;
    if (!carriageReturn) {
      Y.applyUpdate(doc, update);
      return;
    }
    // One transaction, so that nobody ever sees the carriage return.
    doc.transact((transaction) => {
      Y.applyUpdate(doc, update);
      removeCarriageReturns(doc.getText(TEXT_ROOT));
      transaction.local = true; // else Yjs takes the repair for another client that uses this document's id
    });
  }
}
