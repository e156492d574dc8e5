import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { Awareness } from 'y-protocols/awareness';
import * as syncProtocol from 'y-protocols/sync';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { Disposables } from '../base/disposable.ts';
import { can, type Role, roles } from '../domain/access/roles.ts';
import type { ServerMark } from '../domain/documents/ports.ts';
import {
  ACK_SUBPROTOCOL,
  CloseCode,
  documentKind,
  isFinalClose,
  MessageType,
  SyncMessageType,
  syncPath,
} from '../protocol/sync.ts';
import { admittedSocket, type Tickets } from './admitted-socket.ts';
import { countingSocket, type SendWatch } from './counting-socket.ts';
import { isOtherDocument } from './lives.ts';
import { claimed, goesOn, lacksSome } from './own-edits.ts';
import { linkTabs, tabsName } from './tabs.ts';

export type ConnectionState =
  | { readonly kind: 'connecting' }
  /** `saved`: all that was sent is on the server's disk; null where the server does not say. */
  | { readonly kind: 'synced'; readonly saved: boolean | null }
  | { readonly kind: 'offline' }
  /** The server will not have us; it is no use to try again. */
  | { readonly kind: 'refused'; readonly code: number; readonly reason: string }
  /** The server has another document under this name; ours was not merged into it. */
  | { readonly kind: 'replaced' };

export interface Connection {
  readonly state: ConnectionState;
  /** What we may do here, as the server says; null while it has not said. */
  readonly role: Role | null;
  readonly awareness: Awareness;
  /** What the remote side's transactions carry as origin. */
  readonly origin: unknown;
  /** Tries now instead of when the back-off says. */
  retry(): void;
  dispose(): void;
}

export interface ConnectionOptions {
  readonly doc: Y.Doc;
  readonly project: string;
  readonly path: string;
  /** ws://host:port, without a path. */
  readonly server: string;
  /** What the tabs that show the document speak on, if it is one person's. */
  readonly tabs?: string;
  /** What the server once said to have on disk; null while it never did. */
  readonly acknowledged: Uint8Array | null;
  /** The Yjs clients under which something was written on this machine that the server is not known to have. */
  readonly unsent?: () => ReadonlySet<number>;
  readonly random?: () => number;
  readonly socket?: typeof WebSocket;
  /** Asked before each attempt to connect. */
  readonly tickets?: Tickets | undefined;
  onState(state: ConnectionState): void;
  /** All that the document holds now is on the server's disk. */
  onSaved(mark: ServerMark, stateVector: Uint8Array): void;
  /** The server has said where its log is, right after a connection opened. */
  onServer?(mark: ServerMark): void;
  onRole?(role: Role): void;
  /** Another tab, which had this of the document, has ended it; it is replaced here, too. */
  onOver?(vector: Uint8Array): void;
  /** Another tab wrote as these clients what the server is not known to have. */
  onUnsent?(clients: readonly number[]): void;
  /** What is stored of the document may have been taken away. */
  onShaken?(): void;
}

const MAX_BACKOFF_MS = 30_000;
/** Other tabs of this browser answer at once, or not at all. */
const TABS_ANSWER_MS = 1_000;

/** Between half and all of the exponential back-off, so that a restarted server is not met by all at once. */
export function backoff(failures: number, random: () => number): number {
  return Math.min(2 ** Math.min(failures, 20) * 100, MAX_BACKOFF_MS) * (0.5 + 0.5 * random());
}

function isOutside(code: number): boolean {
  return code === CloseCode.unauthorized || code === CloseCode.projectNotFound;
}

/** The y-websocket connection of one document, with states that people understand. */
export function connectDocument(options: ConnectionOptions): Connection {
  const { doc, project, path, random = Math.random } = options;
  const { tickets } = options;
  const disposables = new Disposables();
  const awareness = new Awareness(doc);
  let failures = 0;
  let wasIn = false;
  let state: ConnectionState = { kind: 'connecting' };
  let durableCount: number | null = null;
  let role: Role | null = null;
  let acknowledged = options.acknowledged;
  /** Content frames from before the server's state vector was seen; null when nothing is held back. */
  let held: Uint8Array[] | null = null;
  const sent: SendWatch = { syncMessages: 0, holdsUpdates: () => held !== null, onSent: () => update() };

  const mayEdit = (): boolean => role === null || can(role, 'document.edit');
  const unsent = options.unsent ?? (() => new Set<number>());

  const say = (next: ConnectionState): void => {
    if (JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    if (next.kind === 'replaced') tabs?.dispose();
    options.onState(next);
  };
  const Socket = options.socket ?? WebSocket;
  const provider = new WebsocketProvider(options.server, syncPath(project, path).slice(1), doc, {
    awareness,
    connect: false,
    protocols: [ACK_SUBPROTOCOL],
    maxBackoffTime: MAX_BACKOFF_MS,
    disableBc: true, // it takes over whatever comes, and does not send it
    WebSocketPolyfill: countingSocket(
      tickets === undefined ? Socket : admittedSocket(Socket, () => tickets(project, path)),
      sent,
    ),
    // Who was in and is sent away may have been signed out: asking for the next ticket says which it is.
    shouldReconnect: ({ code }) => !isFinalClose(code) || (tickets !== undefined && wasIn && isOutside(code)),
  });
  const update = (): void => {
    if (state.kind === 'refused' || state.kind === 'replaced') return;
    if (provider.synced) {
      say({
        kind: 'synced',
        saved: durableCount === null ? null : durableCount > 0 && durableCount >= sent.syncMessages,
      });
    } else say(failures > 0 ? { kind: 'offline' } : { kind: 'connecting' });
  };

  const onClose = (): void => {
    wasIn = provider.synced;
    failures += 1;
    durableCount = null;
    provider.maxBackoffTime = backoff(failures, random); // read right after this event
    queueMicrotask(update);
  };
  const onClosed = ({ code, reason }: { code: number; reason: string }): void =>
    say(code === CloseCode.rotated ? { kind: 'replaced' } : { kind: 'refused', code, reason });
  // A review is the server's alone.
  const tabs =
    documentKind(path) === 'review'
      ? null
      : linkTabs({
          name: options.tabs ?? tabsName(options.server, project, path, null),
          doc,
          awareness,
          server: provider,
          mayEdit,
          onOver: (vector) => {
            options.onOver?.(vector);
            replaced();
          },
          unsent,
          onUnsent: (clients) => options.onUnsent?.(clients),
          onShaken: () => options.onShaken?.(),
        });
  const onSync = (synced: boolean): void => {
    if (synced) failures = 0;
    if (synced) tabs?.hello();
    update();
  };
  provider.on('connection-close', onClose);
  provider.on('closed', onClosed);
  provider.on('sync', onSync);
  provider.on('status', update);

  provider.messageHandlers[MessageType.durable] = (_encoder, decoder) => {
    const mark = { epoch: decoding.readVarUint(decoder), lsn: decoding.readVarUint(decoder) };
    const first = durableCount === null;
    durableCount = decoding.readVarUint(decoder);
    if (first) options.onServer?.(mark);
    if (provider.synced && durableCount > 0 && durableCount >= sent.syncMessages) {
      acknowledged = Y.encodeStateVector(doc); // the server's own: it has all of our clients
      options.onSaved(mark, acknowledged);
    }
    update();
  };
  provider.messageHandlers[MessageType.role] = (_encoder, decoder) => {
    const said = decoding.readVarString(decoder);
    role = roles.find((known) => known === said) ?? role;
    if (role !== null) options.onRole?.(role);
  };
  const replaced = (): void => {
    say({ kind: 'replaced' });
    provider.disconnect();
  };
  let asking: ReturnType<typeof setTimeout> | null = null;
  /** Asks the other tabs, who may just have written what the server has more of, and then connects anew. */
  const askTabs = (vector: Uint8Array): void => {
    provider.disconnect();
    tabs?.hello();
    asking ??= setTimeout(() => {
      asking = null;
      if (claimed(doc, vector, unsent()).length > 0) replaced();
      else provider.connect();
    }, TABS_ANSWER_MS);
  };
  /** Whether the document may be synced with a server that has this. */
  const suits = (vector: Uint8Array): boolean => {
    const forged = claimed(doc, vector, [doc.clientID, ...unsent()]);
    // Who only reads holds nothing that the server has to have: what it lost is not his to bring back.
    const isAhead = !mayEdit() && unsent().size === 0 && lacksSome(doc, vector);
    const isForbidden = !mayEdit() && lacksSome(doc, vector, unsent());
    if (isOtherDocument(acknowledged, vector) || forged.includes(doc.clientID) || isAhead) replaced();
    else if (forged.length > 0) askTabs(vector);
    else if (isForbidden) {
      say({ kind: 'refused', code: CloseCode.forbidden, reason: 'Your role does not allow to edit this' });
      provider.disconnect();
    } else return true;
    return false;
  };
  // Until the server's own state vector has been seen, its content is held back (see suits).
  const plainSync = provider.messageHandlers[MessageType.sync];
  provider.messageHandlers[MessageType.sync] = (encoder, decoder, from, emitSynced, type) => {
    if (state.kind === 'replaced') return;
    const rest = decoder.arr.subarray(decoder.pos);
    const peek = decoding.createDecoder(rest);
    const kind = decoding.readVarUint(peek);
    if (emitSynced && !provider.synced && kind === SyncMessageType.step1) {
      if (!suits(decoding.readVarUint8Array(peek))) return;
      const waiting = held ?? [];
      held = null;
      plainSync?.(encoder, decoder, from, emitSynced, type);
      for (const frame of waiting) {
        const ignored = encoding.createEncoder();
        syncProtocol.readSyncMessage(decoding.createDecoder(frame), ignored, doc, provider);
        if (frame[0] === SyncMessageType.step2) provider.synced = true;
      }
      return;
    }
    if (emitSynced && held !== null) {
      held.push(rest.slice());
      return;
    }
    if (kind !== SyncMessageType.step1 && goesOn(doc, decoding.readVarUint8Array(peek))) replaced();
    else plainSync?.(encoder, decoder, from, emitSynced, type);
  };
  const onStatus = ({ status }: { status: string }): void => {
    if (status !== 'connected') return;
    sent.syncMessages = 0;
    held = acknowledged === null && doc.store.clients.size === 0 ? null : [];
  };
  provider.on('status', onStatus);

  const onOnline = (): void => {
    if (asking === null && provider.shouldConnect && provider.ws === null) provider.connect();
  };
  globalThis.addEventListener?.('online', onOnline);
  disposables.add(() => globalThis.removeEventListener?.('online', onOnline));
  disposables.add(() => {
    if (asking !== null) clearTimeout(asking);
    tabs?.dispose();
    provider.destroy();
    awareness.destroy();
  });
  provider.connect();

  return {
    get state() {
      return state;
    },
    get role() {
      return role;
    },
    awareness,
    origin: provider,
    retry() {
      if (state.kind === 'replaced') return;
      if (state.kind === 'refused') state = { kind: 'connecting' };
      failures = 0;
      if (asking === null) provider.connect();
      update();
    },
    dispose: () => disposables.dispose(),
  };
}
