import type { Room } from './room.ts';

/** A use of a room: closing the last one closes the room, a while later. */
export interface RoomUse {
  readonly room: Promise<Room>;
  release(): void;
}

interface Entry {
  readonly project: string;
  readonly path: string;
  readonly room: Promise<Room>;
  uses: number;
  closing: ReturnType<typeof setTimeout> | null;
}

/** So long a document stays open when nobody looks: going to another screen and back costs nothing. */
const LINGER_MS = 20_000;

/** One room per document and page, however many parts of the page use it. */
export class RoomCache {
  readonly #entries = new Map<string, Entry>();
  readonly #open: (project: string, path: string) => Promise<Room>;

  constructor(open: (project: string, path: string) => Promise<Room>) {
    this.#open = open;
  }

  use(project: string, path: string): RoomUse {
    const key = `${project}/${path}`;
    const entry = this.#entries.get(key) ?? this.#add(key, project, path);
    entry.uses += 1;
    if (entry.closing !== null) clearTimeout(entry.closing);
    entry.closing = null;
    let released = false;
    return {
      room: entry.room,
      release: () => {
        if (released) return;
        released = true;
        entry.uses -= 1;
        if (entry.uses === 0) entry.closing = setTimeout(() => this.#close(key, entry), LINGER_MS);
      },
    };
  }

  /** Visits the rooms that are open, those that are being opened as soon as they are. */
  each(visit: (room: Room) => void): void {
    for (const { room } of this.#entries.values()) room.then(visit, () => undefined);
  }

  /** Closes the room at once; whoever uses it must ask for it anew. */
  drop(project: string, path: string): void {
    const key = `${project}/${path}`;
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#close(key, entry);
  }

  /** Closes them all at once; answers with which they were. */
  dropAll(): readonly (readonly [project: string, path: string])[] {
    const all = [...this.#entries];
    for (const [key, entry] of all) this.#close(key, entry);
    return all.map(([, { project, path }]) => [project, path]);
  }

  #add(key: string, project: string, path: string): Entry {
    const room = this.#open(project, path);
    const entry: Entry = { project, path, room, uses: 0, closing: null };
    this.#entries.set(key, entry);
    room.catch(() => this.#entries.delete(key)); // the next use tries again
    return entry;
  }

  #close(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    if (entry.closing !== null) clearTimeout(entry.closing);
    entry.room.then(
      (room) => room.dispose(),
      () => undefined,
    );
  }
}
