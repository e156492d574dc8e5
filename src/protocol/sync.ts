import { z } from 'zod';
import { pathProblem, projectIdSchema, sha256Schema } from './names.ts';

/**
 * The sync socket. Address: `/sync/<project>/<percent-encoded path>`; one Yjs document a socket. The wire is
 * y-websocket's: binary frames, a varUint message type first, updates in Yjs' V1 format only.
 *
 *   0 sync       y-protocols/sync: step 1, step 2, update. The server answers step 1 once the document is
 *                loaded, and sends its own step 1 then.
 *   1 awareness  y-protocols/awareness. A socket speaks for one client id: the first that it sends. The
 *                server rewrites clocks and checks `user`; frames about other clients are ignored.
 *   3 query      asks for everybody's awareness.
 *   4 stored     server to client, only where the subprotocol below was negotiated: varUint n. The first n
 *                  sync messages (step 2 and update) that this socket sent are on disk; what has been sent
 *                  since is not promised yet.
 *
 * "Saved" is: the number of step 2 and update messages sent on this socket equals the n last received. (A state
 * vector would not do: deletions do not show in it.) After a reconnect counting starts again at 0: the step 2
 * that answers the server's step 1 carries whatever was missing, so n = 1 says that all of it is on disk.
 */
export const MessageType = { sync: 0, awareness: 1, auth: 2, queryAwareness: 3, stored: 4 } as const;
export const SyncMessageType = { step1: 0, step2: 1, update: 2 } as const;

/** Offered by clients that understand message 4. Plain y-websocket clients offer none and never get it. */
export const SYNC_SUBPROTOCOL = 'anneal.sync.v1';

/** The longest frame either way, in bytes; ws closes with 1009 beyond it. */
export const MAX_SYNC_MESSAGE_BYTES = 4 * 1024 * 1024;

/** 4400 to 4499: final, trying again is pointless. Others are transient. */
export const CloseCode = {
  /** The address or a frame makes no sense. */
  badRequest: 4400,
  projectNotFound: 4404,
  /** The file or the project has been deleted or moved; the project's document says where to. */
  gone: 4410,
  /** The document or an update is larger than the server takes. */
  tooLarge: 4413,
  /** An update that no Yjs client of ours makes: malformed, hostile, or of a kind that the document may not hold. */
  refusedUpdate: 4422,
  /** The server must see parts that are missing first: connect again, which sends them. */
  resync: 4501,
  /** The server could not write: nothing was acknowledged, connect again later. */
  notStored: 4500,
  /** Too many connections, connect again later. */
  busy: 4503,
  /** The server stops or restarts (RFC 6455). */
  restart: 1012,
  /** ws itself: the frame was longer than MAX_SYNC_MESSAGE_BYTES. */
  messageTooLong: 1009,
} as const;

/** Whether a client should give up rather than connect again. */
export function isFinalClose(code: number): boolean {
  return (code >= 4400 && code < 4500) || code === CloseCode.messageTooLong;
}

/** Name of the shared text in a file's document: `doc.getText(TEXT_ROOT)`. Nothing else may be in there. */
export const TEXT_ROOT = 'content';

/**
 * The project's own document is at `/sync/<project>/.project`. Its one root is a map, `doc.getMap(FILES_ROOT)`,
 * from path to a plain FileEntry: the shared truth about which files there are. The HTTP interface reads and
 * writes this very map. Writers replace a whole entry; readers pass each through `readFileEntry`, since any
 * editor may write there.
 */
export const PROJECT_DOCUMENT = '.project';
export const FILES_ROOT = 'files';

const common = {
  /** Milliseconds since 1970 UTC. */
  created: z.number().int().nonnegative(),
  /** When it was deleted; left out while it is there. The bytes or the text are kept until it is purged. */
  deleted: z.number().int().nonnegative().optional(),
  /** Where a renamed file went; such an entry is deleted too. Offline edits of the old path belong there. */
  movedTo: z.string().min(1).max(512).optional(),
};

export const textEntrySchema = z.object({ kind: z.literal('text'), ...common });

/** Data, models, images: bytes at `/api/v1/artifacts/<sha256>`. */
export const artifactEntrySchema = z.object({
  kind: z.literal('artifact'),
  sha256: sha256Schema,
  bytes: z.number().int().nonnegative(),
  mediaType: z.string().max(128).optional(),
  ...common,
});

export const fileEntrySchema = z.discriminatedUnion('kind', [textEntrySchema, artifactEntrySchema]);
export type FileEntry = z.infer<typeof fileEntrySchema>;

/** An entry of the files map as it came over the wire; null where it is none, or its path is none. */
export function readFileEntry(path: string, value: unknown): FileEntry | null {
  if (pathProblem(path) !== null) return null;
  const parsed = fileEntrySchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** Who somebody is to the others; `user` in the awareness state. The rest of the state is the editor's. */
export const awarenessUserSchema = z.object({
  name: z.string().min(1).max(64),
  color: z.string().regex(/^#[0-9a-fA-F]{6}$/),
});

/** The longest awareness state of one client, in bytes of JSON. */
export const MAX_AWARENESS_BYTES = 16 * 1024;

/** The path part of a document's sync address. Documents are files or PROJECT_DOCUMENT. */
export function syncPath(project: string, path: string): string {
  return `/sync/${encodeURIComponent(project)}/${encodeURIComponent(path)}`;
}

export interface SyncAddress {
  readonly project: string;
  /** Path of a file, or PROJECT_DOCUMENT. */
  readonly path: string;
}

/**
 * Reads the address of a sync socket, `null` where it is none. The path may be encoded as a whole or part by
 * part; it is deliberately not normalised, so that `..` is refused and not resolved.
 */
export function parseSyncPath(url: string): SyncAddress | null {
  const [address = ''] = url.split(/[?#]/, 1);
  const match = /^\/sync\/([^/]+)\/(.+)$/.exec(address);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  try {
    const project = decodeURIComponent(match[1]);
    const path = decodeURIComponent(match[2]);
    if (!projectIdSchema.safeParse(project).success) return null;
    if (path !== PROJECT_DOCUMENT && pathProblem(path) !== null) return null;
    return { project, path };
  } catch {
    return null;
  }
}

/** Makes text fit to be shared: line feeds only, no byte order mark, no NUL, no lone surrogate. */
export function sanitiseText(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .replaceAll('\0', '\uFFFD')
    .toWellFormed();
}
