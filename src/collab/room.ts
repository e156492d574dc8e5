import type { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { type Disposable, Disposables } from '../base/disposable.ts';
import type { Role } from '../domain/access/roles.ts';
import type { DocumentStore, ServerMark } from '../domain/documents/ports.ts';
import { FILES_ROOT, TEXT_ROOT } from '../protocol/sync.ts';
import type { Tickets } from './admitted-socket.ts';
import { isAside } from './aside.ts';
import { type Connection, type ConnectionState, connectDocument } from './connection.ts';
import { covers } from './lives.ts';
import { type LocalState, type Persistence, persist } from './persistence.ts';
import { forget, type Over, type PutAside, putAside } from './put-aside.ts';
import { sayGone, tabsName } from './tabs.ts';

export interface RoomState {
  readonly connection: ConnectionState;
  readonly local: LocalState;
  /**
   * Whether the document has its content: it came from this machine's store or from the server. Until then
   * nothing may be written into it: only the server seeds.
   */
  readonly ready: boolean;
  /** What we may do here, as the server said last; null while it has not, and we may try. */
  readonly role: Role | null;
}

/** One shared document, kept here and connected. */
export interface Room extends Disposable {
  readonly project: string;
  readonly path: string;
  readonly doc: Y.Doc;
  readonly awareness: Awareness;
  readonly state: RoomState;
  /** Why writing here failed; null while it works. */
  readonly localFailure: unknown;
  subscribe(listener: () => void): () => void;
  retry(): void;
  /**
   * After 'replaced': gives the copy kept here another name and returns its text. What is not read yet is to be shown
   * to somebody (aside.ts).
   */
  setAside(now: Date, isRead: boolean): Promise<PutAside>;
  /** Whether it holds something that the server is not known to have. */
  readonly hasUnsaved: boolean;
  /** The Yjs clients under which something was written in it on this machine that the server is not known to have. */
  readonly unsent: ReadonlySet<number>;
  /** What the server said last to have, in the log that it has now; null where it did not. */
  readonly acknowledged: Uint8Array | null;
  /** After 'replaced': removes the copy kept here; false where another tab has edits in it that no server has. */
  forget(): Promise<boolean>;
}

export interface RoomOptions {
  readonly project: string;
  readonly path: string;
  readonly store: DocumentStore;
  /** ws://host:port */
  readonly server: string;
  /** Whose tabs share it; null where nobody signs in. */
  readonly person?: string | null;
  readonly socket?: typeof WebSocket;
  readonly tickets?: Tickets | undefined;
  /** Called when a connection has opened, with where the log was when the document was last saved there. */
  readonly onServer?: (server: ServerMark, before: ServerMark | null) => void;
  /** Called when the document is saved, with where the server's log is. */
  readonly onSaved?: (server: ServerMark) => void;
}

/** The document that a name of the store means; null where it was set aside and belongs to none. */
export function documentOf(name: string): { readonly project: string; readonly path: string } | null {
  const slash = name.indexOf('/');
  if (slash < 1 || isAside(name)) return null;
  return { project: name.slice(0, slash), path: name.slice(slash + 1) };
}

export function roomName(project: string, path: string): string {
  return `${project}/${path}`;
}

/** The shared text of a file's document. */
export function contentOf(doc: Y.Doc): Y.Text {
  return doc.getText(TEXT_ROOT);
}

/** The files of a project's document, values unchecked (readFileEntry). */
export function filesOf(doc: Y.Doc): Y.Map<unknown> {
  return doc.getMap(FILES_ROOT);
}

/**
 * Opens a document: first what this machine keeps of it, then the server. In this order, because a server
 * asked before the copy is loaded would send everything, and edits made offline would wait for the next time.
 */
export async function openRoom(options: RoomOptions): Promise<Room> {
  const { project, path, store, server } = options;
  const room = roomName(project, path);
  const disposables = new Disposables();
  const listeners = new Set<() => void>();
  const doc = new Y.Doc();
  disposables.add(() => doc.destroy());
  let state: RoomState = { connection: { kind: 'connecting' }, local: 'stored', ready: false, role: null };
  const say = (change: Partial<RoomState>): void => {
    const connection = change.connection ?? state.connection;
    state = { ...state, ...change, ready: state.ready || connection.kind === 'synced' || hasContent(doc) };
    for (const listener of listeners) listener();
  };

  let persistence: Persistence | null = null;
  let localFailure: unknown = null;
  try {
    persistence = await persist({ doc, store, room, onState: (local) => say({ local }) });
    disposables.add(persistence);
  } catch (thrown) {
    // No storage (private window, full disk): work goes on with the server alone, and the user is told.
    localFailure = thrown;
    state = { ...state, local: 'failed' };
  }
  state = { ...state, ready: hasContent(doc) };
  // Without storage nothing is known of what was saved: all that was written on this page counts.
  const unsent = (): ReadonlySet<number> =>
    persistence?.unsent ?? new Set(Y.getState(doc.store, doc.clientID) > 0 ? [doc.clientID] : []);
  const tabs = tabsName(server, project, path, options.person ?? null);
  /** What another tab has put aside of this life of the document, if it has. */
  let taken: Uint8Array | null = null;
  let acknowledged = persistence?.acknowledged ?? null;
  const connection: Connection = connectDocument({
    doc,
    project,
    path,
    server,
    acknowledged,
    unsent,
    onState: (next) => say({ connection: next }),
    onSaved: (server, vector) => {
      acknowledged = vector;
      persistence?.saved(server, vector);
      options.onSaved?.(server);
    },
    onServer: (server) => {
      const before = persistence?.server ?? null;
      if (before === null || server.epoch !== before.epoch || server.lsn < before.lsn) acknowledged = null;
      persistence?.learned(server);
      options.onServer?.(server, before);
    },
    onRole: (role) => say({ role }),
    onOver: (vector) => {
      taken = vector;
    },
    onUnsent: (clients) => persistence?.heard(clients),
    onShaken: () => void persistence?.writeAll(),
    tabs,
    tickets: options.tickets,
    ...(options.socket === undefined ? {} : { socket: options.socket }),
  });
  disposables.add(connection);
  const over: Over = { store, room, doc };
  const stopWriting = async (): Promise<void> => {
    await persistence?.settled();
    persistence?.withdraw();
    persistence?.dispose();
  };
  const sayOver = (): void => sayGone(tabs, { vector: Y.encodeStateVector(doc), isEcho: taken !== null });

  return {
    project,
    path,
    doc,
    awareness: connection.awareness,
    get state() {
      return state;
    },
    get localFailure() {
      return localFailure ?? persistence?.failure ?? null;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retry: () => connection.retry(),
    async setAside(now, isRead) {
      await stopWriting();
      const put = await putAside(over, now, isRead);
      sayOver();
      return put;
    },
    get hasUnsaved() {
      if (taken !== null && covers(taken, doc)) return false;
      return persistence?.hasUnsaved ?? true;
    },
    get unsent() {
      return unsent();
    },
    get acknowledged() {
      return acknowledged;
    },
    async forget() {
      await stopWriting();
      const isGone = await forget(over, persistence?.authors ?? []);
      if (isGone) sayOver();
      return isGone;
    },
    dispose() {
      listeners.clear();
      disposables.dispose();
    },
  };
}

function hasContent(doc: Y.Doc): boolean {
  return doc.store.clients.size > 0;
}
