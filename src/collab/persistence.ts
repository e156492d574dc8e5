import * as Y from 'yjs';
import { Disposables } from '../base/disposable.ts';
import type { DocumentStore, ServerMark } from '../domain/documents/ports.ts';
import { isOtherDocument, vectorOf } from './lives.ts';
import { FROM_TAB } from './tabs.ts';

/** Origin of what comes from this machine's store: neither sent as an edit of ours nor stored again. */
export const STORED_HERE = { name: 'stored on this machine' } as const;

/** What is written down later than this after the server said it costs no more than sending it again. */
const NOTE_AFTER_MS = 1000;

/** An update without anything in it. */
const NOTHING = Y.encodeStateAsUpdate(new Y.Doc());

/** Rows after which the log of a room is folded into one. */
const COMPACT_AFTER = 256;

export type LocalState = 'storing' | 'stored' | 'failed';

export interface Persistence {
  readonly state: LocalState;
  /** What the server last said to have; null while it never did. */
  readonly acknowledged: Uint8Array | null;
  /** Where the server's log was then; null while it never said so. */
  readonly server: ServerMark | null;
  /** Whether the document holds something that the server is not known to have. */
  readonly hasUnsaved: boolean;
  /** The Yjs clients under which something was written on this machine that the server is not known to have. */
  readonly unsent: ReadonlySet<number>;
  /** Another page wrote as these clients what the server is not known to have. */
  heard(clients: readonly number[]): void;
  /** The server has said which life of its log this is: in another one nothing counts as saved. */
  learned(server: ServerMark): void;
  /** All that the document holds now is on the server's disk. Written down a while later: typing goes first. */
  saved(server: ServerMark, vector: Uint8Array): void;
  /** Why the last write failed; null while writes succeed. */
  readonly failure: unknown;
  /** What the server said last is of a document that is over: it is not written down any more. */
  withdraw(): void;
  /** The Yjs clients whose edits this document has all of: its own, and those that were kept here before. */
  readonly authors: readonly number[];
  /**
   * Writes down all that the document holds: another page may have taken away what is stored of it, and what is
   * written next would build on nothing. Not where what is stored is of another life of the document.
   */
  writeAll(): Promise<void>;
  /** Resolves when all that the document holds now is on disk, or writing it failed. */
  settled(): Promise<void>;
  dispose(): void;
}

/** Folds updates into one; what was deleted since is dropped. */
export function mergeUpdates(updates: readonly Uint8Array[]): Uint8Array {
  const doc = new Y.Doc();
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update);
  });
  const merged = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return merged;
}

/**
 * Loads the room into the document, then writes whatever changes. Writes wait for each other: while one is
 * on its way, further updates gather into the next, so typing costs one commit per disk turn, not per key.
 * Every tab writes all it sees; doubles vanish when the log is folded.
 */
export async function persist(options: {
  readonly doc: Y.Doc;
  readonly store: DocumentStore;
  readonly room: string;
  readonly onState?: (state: LocalState) => void;
}): Promise<Persistence> {
  const { doc, store, room } = options;
  const stored = await store.load(room);
  doc.transact(() => {
    for (const update of stored.updates) Y.applyUpdate(doc, update, STORED_HERE);
  }, STORED_HERE);

  const authors = [doc.clientID, ...stored.unsaved];
  const unsent = new Set(stored.unsaved);
  let rows = stored.updates.length;
  let waiting: Uint8Array[] = [];
  /** What is on its way to the disk, and whether an edit of ours is among it. */
  let sending: { readonly update: Uint8Array; readonly author: number | null } | null = null;
  /** Whether an edit of ours is among what waits. */
  let mine = false;
  let server = stored.server;
  let hasUnsaved = stored.updates.length > 0 && (server === null || stored.unsaved.length > 0);
  let known = stored.acknowledged === null ? null : { vector: stored.acknowledged, server: stored.server };
  let note: { readonly server: ServerMark; readonly vector: Uint8Array } | null = null;
  let noteTimer: ReturnType<typeof setTimeout> | null = null;
  let noted = stored.unsaved.length === 0 ? noteOf(stored.server, stored.acknowledged) : '';
  let writing: Promise<void> | null = null;
  /** Whether something came while that was under way. */
  let isAsked = false;
  let state: LocalState = 'stored';
  let failure: unknown = null;
  const say = (next: LocalState): void => {
    if (next === state) return;
    state = next;
    options.onState?.(next);
  };
  const fold = async (): Promise<void> => {
    await store.compact(room, mergeUpdates);
    rows = 1;
  };
  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      const author = mine ? doc.clientID : null;
      mine = false;
      const [only] = batch;
      const update = batch.length === 1 && only !== undefined ? only : Y.mergeUpdates(batch);
      sending = { update, author };
      try {
        await store.append(room, update, author);
        failure = null;
        rows += 1;
        if (rows > COMPACT_AFTER) await fold();
      } catch (thrown) {
        // Kept for the next attempt, which the next edit makes: storage may have been freed by then.
        waiting = [update, ...waiting];
        mine ||= author !== null;
        failure = thrown;
        say('failed');
        return;
      } finally {
        sending = null;
      }
    }
    say('stored');
  };
  const start = (): void => {
    say('storing');
    isAsked = writing !== null;
    writing ??= write().finally(() => {
      writing = null;
      if (isAsked && waiting.length > 0) start(); // for what came in the turn in which the last one ended
    });
  };
  const onUpdate = (update: Uint8Array, origin: unknown, _doc: Y.Doc, { local }: Y.Transaction): void => {
    if (origin === STORED_HERE) return;
    waiting.push(update);
    if (local) {
      mine = true;
      unsent.add(doc.clientID);
    }
    if (local || origin === FROM_TAB) {
      hasUnsaved = true;
      note = null; // said before this edit
      noted = '';
    }
    start();
  };
  // The page goes, and its transactions with it: what waits is written at once, and so is what is on its way.
  const onPageHide = (): void => {
    const batch = waiting;
    const all = sending === null ? batch : [sending.update, ...batch];
    if (all.length === 0) return;
    const author = mine || sending?.author === doc.clientID ? doc.clientID : null;
    const wasMine = mine;
    waiting = [];
    mine = false;
    store.leave(room, Y.mergeUpdates(all), author).catch(() => {
      waiting = [...batch, ...waiting]; // should the page come back: with the next edit
      mine ||= wasMine;
    });
  };
  const writeNote = async (): Promise<void> => {
    if (noteTimer !== null) clearTimeout(noteTimer);
    noteTimer = null;
    await writing; // what the server has is here first: else it would count as unsaved again
    if (note === null) return;
    const said = note;
    note = null;
    await store.acknowledge(room, { ...said, authors });
    noted = noteOf(said.server, said.vector);
  };
  const failedNote = (): void => {
    noted = ''; // the next word of the server is written down again
  };
  const disposables = new Disposables();
  disposables.add(() => {
    if (note !== null) writeNote().catch(failedNote);
  });
  doc.on('update', onUpdate);
  disposables.add(() => doc.off('update', onUpdate));
  globalThis.addEventListener('pagehide', onPageHide);
  disposables.add(() => globalThis.removeEventListener('pagehide', onPageHide));
  // What waits for something that is not here may be taken out of the room as it is (strays.ts), and not out of one row.
  const isComplete = doc.store.pendingStructs === null && doc.store.pendingDs === null;
  if (rows > COMPACT_AFTER / 4 && isComplete) await fold().catch(() => undefined); // a full disk still lets us read

  return {
    get state() {
      return state;
    },
    get failure() {
      return failure;
    },
    acknowledged: stored.acknowledged,
    authors,
    get server() {
      return server;
    },
    get hasUnsaved() {
      return hasUnsaved;
    },
    unsent,
    heard(clients) {
      for (const client of clients) unsent.add(client);
    },
    learned(now) {
      if (server !== null && (now.epoch !== server.epoch || now.lsn < server.lsn)) hasUnsaved = true;
    },
    saved(now, vector) {
      server = now;
      known = { server: now, vector: new Uint8Array(vector) };
      hasUnsaved = false;
      unsent.clear();
      if (noted === noteOf(now, vector)) return;
      note = { server: now, vector };
      noteTimer ??= setTimeout(() => void writeNote().catch(failedNote), NOTE_AFTER_MS);
    },
    withdraw() {
      note = null;
    },
    async writeAll() {
      const { updates } = await store.load(room).catch(() => ({ updates: [] }));
      if (updates.length > 0 && isOtherDocument(Y.encodeStateVector(doc), vectorOf(updates))) return;
      // Who wrote what is not sent yet stands at a row of his own.
      const others = [...unsent].filter((client) => client !== doc.clientID);
      for (const other of others) store.append(room, NOTHING, other).catch(() => undefined);
      waiting.push(Y.encodeStateAsUpdate(doc));
      mine ||= unsent.has(doc.clientID);
      noted = '';
      if (known !== null) store.acknowledge(room, { ...known, authors: [] }).catch(failedNote);
      start();
    },
    async settled() {
      while (writing !== null) await writing;
    },
    dispose: () => disposables.dispose(),
  };
}

/** What there is to write down anew of what the server says: where its log is, and how many clients it knows. */
function noteOf(server: ServerMark | null, vector: Uint8Array | null): string {
  const clients = vector === null ? 0 : Y.decodeStateVector(vector).size;
  return JSON.stringify([server?.epoch, server?.lsn, clients]);
}
