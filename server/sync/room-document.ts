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

  /**
   * What is stored and waits for what is not was promised to nobody: the commit before it failed. Whoever wrote it
   * brings both.
   */
  loaded(): void {
    const { store } = this.doc;
    store.pendingStructs = null;
    store.pendingDs = null;
    this.#retired = retiredClients(this.doc);
    this.hasText = this.doc.share.size > 0;
  }

  /** The document comes back to a server that lost it, and who is retired with it. */
  learnRetired(): void {
    if (this.#retired.size === 0) this.#retired = retiredClients(this.doc);
  }

  /** What waits, of another server's, is in the log, and belongs to the state when it takes effect. */
  encode(): Uint8Array {
    this.#encoded ??= this.#missingFrom();
    return this.#encoded;
  }

  /** To be called before anything is done to the document. */
  willChange(): void {
    this.#encoded = null;
  }

  /** What a client with this state vector has not, as an update. */
  missingFrom(stateVector: Uint8Array): Uint8Array {
    return stateVector.length === 1 ? this.encode() : this.#missingFrom(stateVector);
  }

  #missingFrom(stateVector?: Uint8Array): Uint8Array {
    const { store } = this.doc;
    const { pendingStructs, pendingDs } = store;
    store.pendingStructs = null; // Yjs would send it, and who has it from us would send it back to us
    store.pendingDs = null;
    try {
      return Y.encodeStateAsUpdate(this.doc, stateVector);
    } finally {
      store.pendingStructs = pendingStructs;
      store.pendingDs = pendingDs;
    }
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
