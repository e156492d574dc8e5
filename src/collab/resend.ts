import type { DocumentStore, ServerMark } from '../domain/documents/ports.ts';
import { documentOf, type Room } from './room.ts';
import type { RoomUse } from './room-cache.ts';

/** So many closed documents are sent at a time: the ones that people look at go first. */
const AT_ONCE = 3;
/** One of several servers may be behind the others for a moment. Who is behind for longer has lost something. */
const DOUBT_MS = 20_000;
/** A document that is not on the server by then waits for the next connection. */
const GIVE_UP_MS = 30_000;

export interface ResendOptions {
  readonly store: Pick<DocumentStore, 'unsaved' | 'rooms' | 'furthest'>;
  readonly use: (project: string, path: string) => RoomUse;
  readonly giveUpMs?: number;
  readonly doubtMs?: number;
}

/**
 * Sends what closed documents hold and the server does not: edits made offline before the page was closed, and
 * everything where the server's log has begun a new epoch or is shorter than it was said to be of any document, open
 * or closed. Open documents do so by themselves.
 */
export function createResend({ store, use, giveUpMs = GIVE_UP_MS, doubtMs = DOUBT_MS }: ResendOptions): {
  /** A connection has opened; `before` is how far the log had come when its document was last said to be saved. */
  learned(server: ServerMark, before: ServerMark | null): void;
  /** How far the log is, whichever connection says it. */
  heard(server: ServerMark): void;
  /** Resolves when nothing is being sent. */
  settled(): Promise<void>;
} {
  let running: Promise<void> | null = null;
  let next: (() => Promise<readonly string[]>) | null = null;
  const run = async (): Promise<void> => {
    for (let list = next; list !== null; list = next) {
      next = null;
      const names = [...(await list().catch(() => []))];
      const send = async (): Promise<void> => {
        for (let name = names.shift(); name !== undefined; name = names.shift()) {
          const document = documentOf(name);
          if (document !== null) await sendOne(use(document.project, document.path), giveUpMs);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, send));
    }
    running = null;
  };
  /** What was looked through last: opening each of the documents says the same again. */
  let seen: number | null = null;
  /** How far the log was ever said to be in this epoch, on this page. */
  let furthest: ServerMark | null = null;
  /** The same since somebody began to doubt that it still is. */
  let doubted: ServerMark | null = null;
  /** What has been found lost, and sent again. */
  let found = '';
  const later = (now: ServerMark | null, server: ServerMark): ServerMark =>
    now?.epoch === server.epoch && now.lsn > server.lsn ? now : server;
  const heard = (server: ServerMark): void => {
    furthest = later(furthest, server);
    if (doubted !== null) doubted = later(doubted, server);
  };
  const lookBehind = async (): Promise<void> => {
    const now = doubted;
    doubted = null;
    if (now === null) return;
    const told = furthest?.epoch === now.epoch ? furthest.lsn : 0;
    const most = Math.max(told, await store.furthest(now.epoch).catch(() => 0));
    const loss = JSON.stringify([now.epoch, most]);
    if (now.lsn >= most || loss === found) return;
    found = loss; // documents that cannot be sent stay as they are: once is enough
    furthest = now;
    look(now.epoch, () => store.rooms());
  };
  const look = (epoch: number, list: () => Promise<readonly string[]>): void => {
    seen = epoch;
    next = list;
    running ??= run();
  };
  return {
    heard,
    learned(server, before) {
      if (before?.epoch === server.epoch) furthest = later(furthest, before);
      if (doubted === null) {
        doubted = server;
        setTimeout(() => void lookBehind(), doubtMs);
      }
      heard(server);
      if (running === null || seen !== server.epoch) look(server.epoch, () => store.unsaved(server.epoch));
    },
    async settled() {
      while (running !== null) await running;
    },
  };
}

/** Opens a document, waits until the server has it, and lets go. */
async function sendOne(held: RoomUse, giveUpMs: number): Promise<void> {
  try {
    const room = await held.room;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, giveUpMs);
      const stop = room.subscribe(look);
      function done(): void {
        clearTimeout(timer);
        stop();
        resolve();
      }
      function look(): void {
        if (isOver(room)) done();
      }
      look();
    });
  } catch {
    // This machine's storage cannot be read: the room says so to whoever opens it.
  } finally {
    held.release();
  }
}

function isOver({ state: { connection } }: Room): boolean {
  if (connection.kind === 'synced') return connection.saved !== false;
  return connection.kind === 'refused' || connection.kind === 'replaced';
}
