import { z } from 'zod';
import { roles } from '../domain/access/roles.ts';
import { pathProblem, projectIdSchema, sha256Schema } from './names.ts';

/**
 * The sync socket. Address: `/sync/<project>/<percent-encoded path>`; one Yjs document a socket. The wire is
 * y-websocket's: binary frames, a varUint message type first, updates in Yjs' V1 format only.
 *
 *   0 sync       y-protocols/sync: step 1, step 2, update. The server answers step 1 once the document is
 *                loaded, and sends its own step 1 then. Who may only read may still answer with a step 2 that
 *                brings nothing new; anything else closes the socket with 4403 and is neither applied nor told.
 *   1 awareness  y-protocols/awareness. A socket speaks for one client id: the first that it sends. The
 *                server rewrites clocks and `user` (name and role); frames about other clients are ignored.
 *   3 query      asks for everybody's awareness.
 *
 * Server to client, only where the subprotocol `anneal.ack.1` was negotiated:
 *
 * 100 durable    varUint epoch, varUint lsn, varUint n. The first n content frames (step 2 and update) of this
 *                socket are on the server's disk; what has been sent since is not promised yet. `lsn` is a number
 *                in the server's log: all of the document up to it is on disk. Sent once right after opening with
 *                n = 0, then after each commit.
 * 101 role       varString: what the socket may do now; right after opening, and when it changes.
 *
 * "Saved on the server" is: the number of content frames sent on this socket equals the n last received. (A
 * state vector would not do: deletions do not show in it.) After a reconnect counting starts again at 0: what
 * answers the server's step 1 carries whatever was missing, so that once it is counted all of it is on disk. It is
 * one step 2, or where that is longer than the server takes, several: each builds only on those before it, since of
 * what has to wait the server keeps little. A long update is sent as several, too.
 *
 * An epoch is one life of the log. Another epoch, or an lsn lower than one that was told before in the same
 * epoch, says that the log was lost, cut or put back from a backup: whatever this client holds counts as not on
 * the server until a sync in the new epoch has been acknowledged, of documents that are closed too.
 */
export const MessageType = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  durable: 100,
  role: 101,
} as const;
export const SyncMessageType = { step1: 0, step2: 1, update: 2 } as const;

/** Offered by clients that understand messages 100 and 101. Plain y-websocket clients never get them. */
export const ACK_SUBPROTOCOL = 'anneal.ack.1';
/** Begin subprotocols that carry a secret, for browsers, which can send no headers; never answered with. */
export const TICKET_SUBPROTOCOL_PREFIX = 'anneal.ticket.';
export const KEY_SUBPROTOCOL_PREFIX = 'anneal.key.';

/** The longest frame that the server takes, in bytes; ws closes with 1009 beyond it. It may answer with a whole document. */
export const MAX_SYNC_MESSAGE_BYTES = 4 * 1024 * 1024;

/** 4400 to 4499: final, trying again is pointless. Others are transient. */
export const CloseCode = {
  /** The address or a frame makes no sense. */
  badRequest: 4400,
  /** The server wants to know who this is: no ticket, key or session, or one that is over. */
  unauthorized: 4401,
  /** The role does not allow what was sent. Nothing of it was applied. */
  forbidden: 4403,
  /** There is no such project, or none that this person may know of. */
  projectNotFound: 4404,
  /** The document has begun anew without its history, and this is a copy from before: open it anew. */
  rotated: 4409,
  /** The file or the project has been deleted or moved; the project's document says where to. */
  gone: 4410,
  /** The document or an update is larger than the server takes. */
  tooLarge: 4413,
  /** An update that no Yjs client of ours makes: malformed, hostile, or of a kind that the document may not hold. */
  refusedUpdate: 4422,
  /** More, before it was its turn, than any client sends. */
  flood: 4429,
  /** The server must see parts that are missing first: connect again, which sends them. */
  resync: 4501,
  /** The server could not write: nothing was acknowledged, connect again later. */
  notStored: 4500,
  /** Too many connections, at all or from this address: connect again later. */
  busy: 4503,
  /** The server stops or restarts (RFC 6455). */
  restart: 1012,
  /** ws itself: the frame was longer than MAX_SYNC_MESSAGE_BYTES. */
  messageTooLong: 1009,
  /** ws itself: a frame came in more pieces than any line cuts it into, or a message in as many frames. */
  tooManyPieces: 1008,
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
/** Behind it the path of the file that such a document speaks of (review.ts); the server alone writes these. */
export const REVIEW_PREFIX = '.project/review/';

export type DocumentKind = 'text' | 'project' | 'review';

export function documentKind(path: string): DocumentKind {
  if (path === PROJECT_DOCUMENT) return 'project';
  return path.startsWith(REVIEW_PREFIX) ? 'review' : 'text';
}

export const FILES_ROOT = 'files';

/** In both, the server's alone: which Yjs clients are of generations that are over. Whoever sends it sends it first. */
export const ROTATION_ROOT = 'rotation';

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

/**
 * Who somebody is to the others; `user` in the awareness state. The server writes the role, and the name where
 * people sign in. The rest of the state is the editor's.
 */
export const awarenessUserSchema = z.object({
  name: z.string().min(1).max(64),
  color: z.string().regex(/^#[0-9a-fA-F]{6}$/),
  role: z.enum(roles).optional(),
});

/** The longest awareness state of one client, in bytes of JSON. */
export const MAX_AWARENESS_BYTES = 16 * 1024;

/** The path part of a document's sync address. Documents are files or PROJECT_DOCUMENT. */
export function syncPath(project: string, path: string): string {
  return `/sync/${encodeURIComponent(project)}/${encodeURIComponent(path)}`;
}

export interface SyncAddress {
  readonly project: string;
  /** Path of a file, PROJECT_DOCUMENT, or REVIEW_PREFIX and the path of a file. */
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
    const file = path.startsWith(REVIEW_PREFIX) ? path.slice(REVIEW_PREFIX.length) : path;
    if (path !== PROJECT_DOCUMENT && pathProblem(file) !== null) return null;
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
