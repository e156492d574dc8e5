import type { DocumentStore, ServerMark, Which } from '../../domain/documents/ports.ts';

type Bytes = Uint8Array<ArrayBuffer>;
interface Row {
  readonly bytes: Bytes;
  readonly author: number | null;
}
const all: Which = (updates) => new Set(updates);

interface Said {
  readonly acknowledged: Bytes;
  readonly server: ServerMark | null;
}

/** What pages of one browser keep together, without a browser. `isFull`: nothing can be written or renamed. */
export class MemoryDocuments implements DocumentStore {
  isFull = false;
  readonly #rows = new Map<string, readonly Row[]>();
  readonly #said = new Map<string, Said>();

  #rowsOf(room: string): readonly Row[] {
    return this.#rows.get(room) ?? [];
  }

  #write(): void {
    if (this.isFull) throw new Error('There is no room');
  }

  async load(room: string) {
    const rows = this.#rowsOf(room);
    const said = this.#said.get(room);
    return {
      updates: rows.map(({ bytes }) => bytes),
      acknowledged: said?.acknowledged ?? null,
      server: said?.server ?? null,
      unsaved: [...new Set(rows.flatMap(({ author }) => author ?? []))],
    };
  }

  async append(room: string, update: Uint8Array, author: number | null): Promise<void> {
    this.#write();
    this.#rows.set(room, [...this.#rowsOf(room), { bytes: new Uint8Array(update), author }]);
  }

  leave(room: string, update: Uint8Array, author: number | null): Promise<void> {
    return this.append(room, update, author);
  }

  async acknowledge(
    room: string,
    {
      vector,
      server,
      authors,
    }: { vector: Uint8Array; server: ServerMark | null; authors: readonly number[] },
  ): Promise<void> {
    this.#write();
    this.#said.set(room, { acknowledged: new Uint8Array(vector), server });
    const known = (author: number | null): boolean => author !== null && authors.includes(author);
    this.#rows.set(
      room,
      this.#rowsOf(room).map((row) => (known(row.author) ? { ...row, author: null } : row)),
    );
  }

  async compact(room: string, merge: (updates: readonly Uint8Array[]) => Uint8Array): Promise<void> {
    this.#write();
    const rows = this.#rowsOf(room);
    const updates = rows.map(({ bytes }) => bytes);
    const unsaved = new Set(rows.flatMap(({ author }) => author ?? []));
    if (updates.length < 2) return;
    const row = (of: readonly Uint8Array[], author: number | null): Row => ({
      bytes: new Uint8Array(merge(of)),
      author,
    });
    this.#rows.set(room, [row(updates, null), ...[...unsaved].map((author) => row([], author))]);
  }

  async setAside(room: string, name: string, which: Which = all): Promise<void> {
    this.#write();
    const moved = this.#meant(room, which);
    if (moved.length > 0) this.#rows.set(name, [...this.#rowsOf(name), ...moved]);
    this.#leave(room, moved);
  }

  async remove(room: string, authors: readonly number[], which: Which = all): Promise<boolean> {
    this.#write();
    const removed = this.#meant(room, which);
    if (removed.some(({ author }) => author !== null && !authors.includes(author))) return false;
    this.#leave(room, removed);
    return true;
  }

  #meant(room: string, which: Which): readonly Row[] {
    const rows = this.#rowsOf(room);
    const meant = which(rows.map(({ bytes }) => bytes));
    return rows.filter(({ bytes }) => meant.has(bytes));
  }

  #leave(room: string, gone: readonly Row[]): void {
    const rows = this.#rowsOf(room).filter((row) => !gone.includes(row));
    this.#rows.set(room, rows);
    if (rows.length === 0) this.#said.delete(room);
  }

  async rooms(): Promise<readonly string[]> {
    return [...this.#rows].flatMap(([room, rows]) => (rows.length > 0 ? [room] : [])).sort();
  }

  async unsaved(epoch: number): Promise<readonly string[]> {
    const isUnsaved = (room: string): boolean =>
      this.#said.get(room)?.server?.epoch !== epoch ||
      this.#rowsOf(room).some(({ author }) => author !== null);
    return (await this.rooms()).filter(isUnsaved);
  }

  async furthest(epoch: number): Promise<number> {
    const said = [...this.#said.values()].filter(({ server }) => server?.epoch === epoch);
    return Math.max(0, ...said.map(({ server }) => server?.lsn ?? 0));
  }
}

/** Where a page can write, and can neither read nor rename what is there. */
export class UnreadableDocuments extends MemoryDocuments {
  override load(): Promise<never> {
    return unreadable();
  }

  override setAside(): Promise<never> {
    return unreadable();
  }

  override rooms(): Promise<never> {
    return unreadable();
  }
}

function unreadable(): Promise<never> {
  return Promise.reject(new Error('What is stored cannot be read'));
}
