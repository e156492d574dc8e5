import type { editor } from 'monaco-editor/editor';
import * as Y from 'yjs';
import { can } from '../domain/access/roles.ts';
import type { ProjectFiles } from '../domain/artifacts/ports.ts';
import type { DocumentStore } from '../domain/documents/ports.ts';
import type { Locks } from '../domain/runs/ports.ts';
import { reviewedPath } from '../protocol/review.ts';
import { CloseCode, documentKind, PROJECT_DOCUMENT } from '../protocol/sync.ts';
import type { Tickets } from './admitted-socket.ts';
import { type AsideTexts, createAside } from './aside.ts';
import type { EditorBinding } from './monaco/bind.ts';
import { fromRelative } from './monaco/selections.ts';
import { type OwnStore, storeOf } from './own-store.ts';
import { introduce, type Profile, presences } from './presence.ts';
import { type ListedFile, listFiles, movedTo, projectFiles } from './project-files.ts';
import { createResend } from './resend.ts';
import { keepsNothing, type ReviewReader, reviewReader } from './review.ts';
import { contentOf, filesOf, openRoom, type Room, roomName } from './room.ts';
import { RoomCache, type RoomUse } from './room-cache.ts';
import { createStrays, type Strays } from './strays.ts';
import { createUnkept, type Unkept } from './unkept.ts';
import { createUnlisted, type Unlisted } from './unlisted.ts';

/** Who is at this browser. */
export interface ProfileSource {
  current(): Profile;
  subscribe(listener: () => void): () => void;
}

/** The shared documents of this page. */
export interface Documents {
  /** The text of a file, or with PROJECT_DOCUMENT the project's own document. */
  use(project: string, path: string): RoomUse;
  project(project: string): RoomUse;
  /** What is said about texts; its documents are opened with `use`, under `reviewDocument(path)`. */
  readonly review: ReviewReader;
  /** Counts how often a document had to be opened anew because the server had another under its name. */
  generation(project: string, path: string): number;
  /** Called when that happens. */
  onReplaced(listener: (project: string, path: string) => void): () => void;
  /**
   * Hands over what had to be put aside of a project's texts since, on whichever page, and that nobody has taken.
   * Where `take` rejects it is there the next time.
   */
  takeAside(project: string, take: (path: string, text: string) => Promise<unknown>): Promise<void>;
  /** Shows the server's document and puts what is kept here aside, which may not be sent. Resolves with its text. */
  letGo(room: Room): Promise<string>;
  /** Tries again where the server would not have us: somebody signed in, or a role has changed. */
  reconnect(): void;
  /** The project's artifacts; the project's document stays open from then on. */
  files(project: string): Promise<ProjectFiles>;
  /** Binds an editor to the text of a file's room, once the room is ready. */
  bind(room: Room, one: editor.ICodeEditor): Promise<EditorBinding>;
  textOf(room: Room): string;
  /** Where a person's first caret is, as an offset; null where they have none in this text. */
  caretOf(room: Room, person: string): number | null;
  /** Of a project's room: the files that are there, sorted by path. */
  list(room: Room): readonly ListedFile[];
  observe(room: Room, listener: () => void): () => void;
  /** Of a project's room: where a file that is gone went; null where it was deleted. */
  movedTo(room: Room, path: string): string | null;
  /** Takes what is kept here of a renamed file along, offline edits among it, and forgets the old name. */
  follow(project: string, from: string, to: string): Promise<void>;
  /** Tells the others in a project's room which file this page shows. */
  showFile(room: Room, path: string | null): void;
  /** The state of a text as it is now, for the record of a run: a Yjs snapshot, base64. */
  versionOf(room: Room): string;
  /** Names of those whose edits are in the text, as far as they were seen here; oneself at least. */
  editorsOf(room: Room): readonly string[];
}

/** What belongs to one person at this browser. */
interface Own {
  readonly store: OwnStore;
  readonly aside: AsideTexts;
  readonly strays: Strays;
  readonly unlisted: Unlisted;
  /** What could not be put aside: with what is stored of it, it would be put aside again and again. */
  readonly unkept: Unkept;
}

export function createDocuments(options: {
  readonly store: DocumentStore;
  readonly server: string;
  readonly profile: ProfileSource;
  /** Whose documents are kept here; null where nobody signs in. */
  readonly owner?: { current(): string | null; subscribe(listener: () => void): () => void };
  readonly now: () => number;
  /** Where people sign in: what opens a socket. */
  readonly tickets?: Tickets;
  /** Called when a connection has opened. */
  readonly onConnected?: () => void;
  /** Called when the server wants to know who this is. */
  readonly onSignedOut?: () => void;
  /** Of several tabs one hands over what was put aside. */
  readonly locks?: Pick<Locks, 'tryHold'>;
}): Documents {
  const { server, profile, now, tickets, owner } = options;
  let person = owner?.current() ?? null;
  const ofPerson = (whose: string | null): Own => {
    const store = storeOf(options.store, whose, now);
    const aside = createAside(store, options.locks, () => whose === person);
    const strays = createStrays(store, options.locks, now);
    const unlisted = createUnlisted(store, now);
    return { store, aside, strays, unlisted, unkept: createUnkept(store, aside, now) };
  };
  const people = new Map([[person, ofPerson(person)]]);
  const own = (): Own => {
    const known = people.get(person) ?? ofPerson(person);
    people.set(person, known);
    return known;
  };
  const generations = new Map<string, number>();
  const replacedListeners = new Set<(project: string, path: string) => void>();
  const ending = new WeakMap<Room, Promise<string>>();
  const reopen = (room: Room, isKept = false): Promise<string> => {
    const known = ending.get(room) ?? end(room, isKept);
    ending.set(room, known);
    return known;
  };
  const end = async (room: Room, isKept: boolean): Promise<string> => {
    const { project, path } = room;
    const { aside, unkept, unlisted } = own(); // the next one may come before this is through
    // The server began the document anew, and had all that is here: there is nothing to keep, or to tell.
    const isOver = !isKept && !room.hasUnsaved && (await room.forget());
    // Who only reads is not told of what the server has lost; on this machine it stays.
    const isRead = isKept || documentKind(path) !== 'text' || onlyReads(room);
    if (!isOver && !isKept && path === PROJECT_DOCUMENT) await unlisted.keep(room);
    const put = isOver ? null : await room.setAside(new Date(now()), isRead);
    if (put !== null && put.failure !== null) unkept.add(roomName(project, path), put.failure);
    if (put !== null && !isRead && !put.isStored) aside.add({ project, path, text: put.text });
    cache.drop(project, path);
    if (path === PROJECT_DOCUMENT) kept.delete(project);
    const key = `${project}/${path}`;
    generations.set(key, (generations.get(key) ?? 0) + 1);
    for (const listener of replacedListeners) listener(project, path);
    return put?.text ?? '';
  };
  const names = new WeakMap<Room, Map<number, string>>();
  const cache = new RoomCache(async (project, path) => {
    const isReview = reviewedPath(path) !== null;
    const { unkept, unlisted } = own();
    const keep = isReview ? keepsNothing : await unkept.storeOf(roomName(project, path));
    const room = await openRoom({
      project,
      path,
      store: keep,
      server,
      person,
      tickets,
      onServer: (mark, before) => {
        resend.learned(mark, before);
        options.onConnected?.();
      },
      onSaved: (mark) => resend.heard(mark),
    });
    introduce(room.awareness, profile.current());
    const stop = profile.subscribe(() => introduce(room.awareness, profile.current()));
    const seen = new Map<number, string>();
    names.set(room, seen);
    const note = (): void => {
      for (const { clientId, name } of presences(room.awareness)) seen.set(clientId, name);
    };
    room.awareness.on('change', note);
    note();
    room.doc.on('destroy', stop);
    if (path === PROJECT_DOCUMENT) unlisted.follow(room);
    room.subscribe(() => {
      const { connection } = room.state;
      // A review, or a document that is only read, which holds what the server has lost: the server's is right.
      const isOutdated =
        (isReview || (onlyReads(room) && room.doc.store.clients.size > 0)) &&
        connection.kind === 'refused' &&
        connection.code === CloseCode.forbidden;
      if (connection.kind === 'replaced' || isOutdated) void reopen(room);
      if (connection.kind === 'refused' && connection.code === CloseCode.unauthorized)
        options.onSignedOut?.();
    });
    return room;
  });
  const newResend = () =>
    createResend({
      store: {
        rooms: () => own().store.ownRooms(),
        unsaved: (epoch) => own().store.unsaved(epoch),
        furthest: (epoch) => own().store.furthest(epoch),
      },
      use: (project, path) => cache.use(project, path),
    });
  let resend = newResend();
  const kept = new Map<string, Promise<ProjectFiles>>();
  // Whoever comes next begins with what is his: what is open belongs to the one before.
  owner?.subscribe(() => {
    const next = owner.current();
    if (next === person) return;
    person = next;
    resend = newResend();
    kept.clear();
    for (const [project, path] of cache.dropAll()) {
      const key = `${project}/${path}`;
      generations.set(key, (generations.get(key) ?? 0) + 1);
      for (const listener of replacedListeners) listener(project, path);
    }
  });
  return {
    use: (project, path) => cache.use(project, path),
    project: (project) => cache.use(project, PROJECT_DOCUMENT),
    review: reviewReader,
    generation: (project, path) => generations.get(`${project}/${path}`) ?? 0,
    onReplaced(listener) {
      replacedListeners.add(listener);
      return () => replacedListeners.delete(listener);
    },
    async takeAside(project, take) {
      const { strays, aside } = own(); // the next one may come before this is through
      await strays.gather(project);
      await aside.take(project, take);
    },
    letGo: (room) => reopen(room, true),
    reconnect: () =>
      cache.each((room) => {
        const { connection } = room.state;
        if (connection.kind === 'refused' && MAY_PASS.has(connection.code)) room.retry();
      }),
    files(project) {
      const known = kept.get(project);
      if (known !== undefined) return known;
      const files = cache.use(project, PROJECT_DOCUMENT).room.then((room) => projectFiles(room, now));
      kept.set(project, files);
      files.catch(() => kept.delete(project));
      return files;
    },
    async bind(room, one) {
      const { bindEditor } = await import('./monaco/bind.ts');
      return bindEditor(contentOf(room.doc), room.awareness, one);
    },
    caretOf(room, person) {
      const selection = presences(room.awareness)
        .filter((one) => one.person === person && one.clientId !== room.doc.clientID)
        .flatMap(({ selections }) => selections)[0];
      return selection === undefined ? null : (fromRelative(contentOf(room.doc), selection)?.head ?? null);
    },
    textOf: (room) => contentOf(room.doc).toString(),
    list: listFiles,
    observe(room, listener) {
      const files = filesOf(room.doc);
      files.observe(listener);
      return () => files.unobserve(listener);
    },
    movedTo,
    async follow(project, from, to) {
      const [before, after] = [roomName(project, from), roomName(project, to)];
      const { store } = own();
      const { acknowledged: vector } = await store.load(before);
      // At once, so that what another tab writes down meanwhile is on one side or the other.
      await store.setAside(before, after);
      // Whether the server has it under its new name is seen when it is opened, or sent in the background.
      if (vector !== null) await store.acknowledge(after, { vector, server: null, authors: [] });
      cache.drop(project, from);
      await store.setAside(before, after); // the last letters that were typed under the old name
    },
    showFile: (room, path) => room.awareness.setLocalStateField('file', path),
    versionOf: (room) => toBase64(Y.encodeSnapshot(Y.snapshot(room.doc))),
    editorsOf(room) {
      const found = [...(names.get(room) ?? [])]
        .filter(([client]) => room.doc.store.clients.has(client))
        .map(([, name]) => name);
      return [...new Set([profile.current().name, ...found])];
    },
  };
}

/** Whether nothing in it was written here that the server does not have, and nothing may be. */
function onlyReads({ state: { role }, unsent }: Room): boolean {
  return role !== null && !can(role, 'document.edit') && unsent.size === 0;
}

/** What another session or role may change. */
const MAY_PASS: ReadonlySet<number> = new Set([
  CloseCode.unauthorized,
  CloseCode.forbidden,
  CloseCode.projectNotFound,
]);

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
