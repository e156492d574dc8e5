import { type Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { type Disposable, Disposables } from '../base/disposable.ts';
import { syncPath } from '../protocol/sync.ts';

/** Origin of what another tab wrote: the server may not have it, so it is sent like an edit of ours. */
export const FROM_TAB = { name: 'another tab' } as const;

type Message =
  /** Here I am, with this; `answers` where it is said because somebody else was. */
  | { readonly kind: 'hello'; readonly vector: Uint8Array; readonly answers: boolean }
  /** What I wrote or you lack; with it you have at least all that the vector says. */
  | {
      readonly kind: 'content';
      readonly vector: Uint8Array;
      readonly update: Uint8Array;
      /** As what clients something in it was written on this machine that the server is not known to have; left out
       * by earlier versions. */
      readonly unsent?: readonly number[];
    }
  | { readonly kind: 'awareness'; readonly update: Uint8Array }
  /** See Gone. */
  | ({ readonly kind: 'gone' } & Gone);

/** What the tabs of one person that show a document speak on; null where nobody signs in. */
export function tabsName(server: string, project: string, path: string, person: string | null): string {
  return `${server}${syncPath(project, path)}${person === null ? '' : ` ${person}`}`;
}

/** Tells the others that the document is over and what was stored of it has been put aside or removed. */
export function sayGone(name: string, gone: Gone): void {
  const channel = new BroadcastChannel(name);
  channel.postMessage({ kind: 'gone', ...gone } satisfies Message);
  channel.close();
}

/** The life of the document of which a tab had this is over, and nothing is stored of it any more. */
export interface Gone {
  readonly vector: Uint8Array;
  /** Said by a tab that had heard it from another: whose life this is has heard it, too. */
  readonly isEcho: boolean;
}

export interface TabLink extends Disposable {
  /** Asks the others for what is not here: the document has just come, or come up to date. */
  hello(): void;
}

/**
 * Shares a document among the tabs of one browser, so that they work together without a server, too. Only with
 * tabs that have the same document: one that the server has begun anew, or that has not come yet, is not mixed
 * with what another tab still holds under its name. `server` is the origin of what comes from there. Who may not
 * edit takes nothing: he could not send it, and gets it from the server.
 */
export function linkTabs(options: {
  readonly name: string;
  readonly doc: Y.Doc;
  readonly awareness: Awareness;
  readonly server: unknown;
  readonly mayEdit: () => boolean;
  readonly unsent: () => ReadonlySet<number>;
  /** The other tab wrote as these what the server may not have. */
  readonly onUnsent: (clients: readonly number[]) => void;
  /** Another tab has ended this document. */
  readonly onOver: (vector: Uint8Array) => void;
  /** Another tab has ended another life of the document: what is stored of this one may have gone along. */
  readonly onShaken: () => void;
}): TabLink {
  const { doc, awareness, server } = options;
  const disposables = new Disposables();
  const channel = new BroadcastChannel(options.name);
  disposables.add(() => channel.close());
  const post = (message: Message): void => channel.postMessage(message);
  const sayHello = (answers: boolean): void =>
    post({ kind: 'hello', vector: Y.encodeStateVector(doc), answers });
  const sayContent = (update: Uint8Array): void =>
    post({ kind: 'content', vector: Y.encodeStateVector(doc), update, unsent: [...options.unsent()] });
  const sayMyself = (): void => {
    if (awareness.getLocalState() !== null)
      post({ kind: 'awareness', update: encodeAwarenessUpdate(awareness, [doc.clientID]) });
  };

  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'awareness') {
      applyAwarenessUpdate(awareness, data.update, FROM_TAB);
      return;
    }
    if (data.kind === 'gone') {
      const isOurs = isSameDocument(doc, Y.decodeStateVector(data.vector));
      if (isOurs && !data.isEcho) options.onOver(data.vector);
      else if (doc.store.clients.size > 0) options.onShaken();
      return;
    }
    if (data.kind === 'hello' && !data.answers) sayMyself();
    const theirs = Y.decodeStateVector(data.vector);
    if (!isSameDocument(doc, theirs)) return;
    // Nobody but this tab writes as its client: what goes on there is not taken in the place of edits made here.
    const own = Y.getState(doc.store, doc.clientID);
    if (own > 0 && (theirs.get(doc.clientID) ?? 0) > own) return;
    if (data.kind === 'content') {
      if (!options.mayEdit()) return;
      if (!isEnough(doc, theirs, data.update)) {
        sayHello(true);
        return;
      }
      options.onUnsent(data.unsent ?? []);
      Y.applyUpdate(doc, data.update, FROM_TAB);
      return;
    }
    sayContent(Y.encodeStateAsUpdate(doc, data.vector));
    if (!data.answers && lacks(doc, theirs)) sayHello(true);
  };

  const onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin !== server && origin !== FROM_TAB) sayContent(update);
  };
  doc.on('update', onUpdate);
  disposables.add(() => doc.off('update', onUpdate));
  const onAwareness = ({
    added,
    updated,
    removed,
  }: Record<'added' | 'updated' | 'removed', number[]>): void => {
    if (![...added, ...updated, ...removed].includes(doc.clientID)) return;
    post({ kind: 'awareness', update: encodeAwarenessUpdate(awareness, [doc.clientID]) });
  };
  awareness.on('update', onAwareness);
  disposables.add(() => awareness.off('update', onAwareness));
  disposables.add(() => {
    const gone = encodeAwarenessUpdate(awareness, [doc.clientID], new Map());
    post({ kind: 'awareness', update: gone });
  });
  sayHello(false);
  sayMyself();
  return {
    hello: () => {
      if (!disposables.disposed) sayHello(false);
    },
    dispose: () => disposables.dispose(),
  };
}

function isSameDocument(doc: Y.Doc, theirs: ReadonlyMap<number, number>): boolean {
  return [...theirs.keys()].some((client) => doc.store.clients.has(client));
}

function lacks(doc: Y.Doc, theirs: ReadonlyMap<number, number>): boolean {
  return [...theirs].some(([client, clock]) => Y.getState(doc.store, client) < clock);
}

/**
 * Whether nothing of it would have to wait here for more. What waits, and takes effect when the server sends the
 * rest, would never be sent to the server.
 */
function isEnough(doc: Y.Doc, theirs: ReadonlyMap<number, number>, update: Uint8Array): boolean {
  const { from, to } = Y.parseUpdateMeta(update);
  return [...theirs].every(([client, clock]) => {
    const known = Y.getState(doc.store, client);
    return known >= clock || ((to.get(client) ?? 0) >= clock && (from.get(client) ?? 0) <= known);
  });
}
