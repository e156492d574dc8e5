import * as Y from 'yjs';
import { Editor } from '../../server/testing/editor.ts';
import type { Random } from '../../src/base/random.ts';
import { syncPath, TEXT_ROOT } from '../../src/protocol/sync.ts';
import type { Piece } from './ledger.ts';

interface Edit {
  readonly token: string;
  readonly kind: 'typed' | 'removed';
  readonly update: Uint8Array;
  /** Which content frame of the connection carried it; infinite while it is held back. */
  frame: number;
  /** When the acknowledgement came, by the monotonic clock in nanoseconds. */
  safeAt: bigint | null;
}

/** How far the log was, as message 100 said. */
export interface Told {
  readonly epoch: number;
  readonly lsn: number;
  readonly at: bigint;
}

/** Of so many pieces of his own a writer keeps the last ones. */
const KEEP = 12;
/** Of his updates so many are held back, and sent after so many others on average: the server has to wait for them. */
const HELD = 0.08;
const RELEASED = 0.1;

/** An editor whose updates can be kept from the line for a while. */
class HoldingEditor extends Editor {
  holds = false;
  last: Uint8Array = new Uint8Array(0);

  override sendUpdate(update: Uint8Array): void {
    this.last = update;
    if (!this.holds) super.sendUpdate(update);
  }

  release(update: Uint8Array): void {
    super.sendUpdate(update);
  }
}

/** Somebody who types and deletes in one document, and remembers what was promised to him. */
export class Writer {
  readonly name: string;
  readonly path: string;
  readonly told: Told[] = [];
  readonly #doc: Y.Doc;
  readonly #edits: Edit[] = [];
  #editor: HoldingEditor | null = null;
  /** The edit that is held back. */
  #held: Edit | null = null;
  /** All edits before this one have been acknowledged. */
  #safe = 0;
  #typed = 0;
  #removed = 0;

  constructor(name: string, path: string) {
    this.name = name;
    this.path = path;
    this.#doc = new Y.Doc();
  }

  /** What he holds, for one who goes on from here. */
  get state(): Uint8Array {
    return Y.encodeStateAsUpdate(this.#doc);
  }

  /** His edits and what was promised of them up to a moment. */
  pieces(until: bigint | null = null): Piece[] {
    const safe = ({ safeAt }: Edit): boolean => safeAt !== null && (until === null || safeAt <= until);
    const pieces = new Map<string, Piece>();
    for (const edit of this.#edits) {
      const piece = pieces.get(edit.token);
      const removal = { removed: true, removedSafely: safe(edit) };
      if (edit.kind === 'typed')
        pieces.set(edit.token, {
          token: edit.token,
          typedSafely: safe(edit),
          removed: false,
          removedSafely: false,
        });
      else if (piece !== undefined) pieces.set(edit.token, { ...piece, ...removal });
    }
    return [...pieces.values()];
  }

  /** What was not promised by then: it may be there or not, and others may wait for it. */
  unpromised(until: bigint | null = null): Uint8Array[] {
    const open = ({ safeAt }: Edit): boolean => safeAt === null || (until !== null && safeAt > until);
    return this.#edits.filter(open).map(({ update }) => update);
  }

  get acknowledged(): number {
    return this.#edits.filter(({ safeAt }) => safeAt !== null).length;
  }

  async connect(url: string): Promise<void> {
    // The answer to the server's first step carries whatever was not acknowledged.
    for (const edit of this.#edits.slice(this.#safe)) if (edit.safeAt === null) edit.frame = 1;
    this.#held = null;
    const editor = new HoldingEditor(url, syncPath('sample', this.path), { doc: this.#doc });
    this.#editor = editor;
    editor.socket.on('message', () => this.#hear(editor));
    await editor.untilSynced();
  }

  /** Everything he holds is acknowledged. */
  async settle(): Promise<void> {
    await this.#editor?.untilStored();
  }

  /** Types a piece, or removes his oldest one. */
  edit(random: Random): void {
    const editor = this.#editor;
    if (editor === null || !editor.synced || editor.socket.readyState !== editor.socket.OPEN) return;
    const text = this.#doc.getText(TEXT_ROOT);
    if (this.#held !== null && random.uniform() < RELEASED) {
      editor.release(this.#held.update);
      this.#held.frame = editor.sent;
      this.#held = null;
    }
    editor.holds = this.#held === null && random.uniform() < HELD;
    if (this.#typed - this.#removed > KEEP && random.uniform() < 0.6) {
      const token = this.#token(++this.#removed);
      const at = text.toString().indexOf(token);
      if (at < 0) throw new Error(`${token} is not in its writer's own document`);
      text.delete(at, token.length);
      this.#note(editor, token, 'removed');
    } else {
      const token = this.#token(++this.#typed);
      text.insert(text.length, token);
      this.#note(editor, token, 'typed');
    }
  }

  #note(editor: HoldingEditor, token: string, kind: Edit['kind']): void {
    const frame = editor.holds ? Number.POSITIVE_INFINITY : editor.sent;
    const edit: Edit = { token, kind, update: editor.last, frame, safeAt: null };
    this.#edits.push(edit);
    if (editor.holds) this.#held = edit;
    editor.holds = false;
  }

  /** Resolves when the socket has closed and all that came before has been read. */
  async closed(): Promise<void> {
    const editor = this.#editor;
    this.#editor = null;
    if (editor === null) return;
    await editor.closed;
    editor.awareness.destroy();
  }

  async leave(): Promise<void> {
    this.#editor?.socket.close();
    await this.closed();
  }

  #token(number: number): string {
    return `<${this.name}.${number}>`;
  }

  #hear(editor: Editor): void {
    const at = process.hrtime.bigint();
    const last = this.told.at(-1);
    if (editor.epoch !== null && (last?.epoch !== editor.epoch || last.lsn !== editor.lsn))
      this.told.push({ epoch: editor.epoch, lsn: editor.lsn, at });
    for (const edit of this.#edits.slice(this.#safe))
      if (edit.safeAt === null && edit.frame <= editor.stored) edit.safeAt = at;
    const open = this.#edits.findIndex(({ safeAt }, index) => index >= this.#safe && safeAt === null);
    this.#safe = open < 0 ? this.#edits.length : open;
  }
}

/** The text of a state once these updates have come, too. */
export function textWith(state: Uint8Array, updates: readonly Uint8Array[]): string {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  for (const update of updates) Y.applyUpdate(doc, update);
  return doc.getText(TEXT_ROOT).toString();
}

/** What somebody gets who opens a document with nothing of it; what waits for other updates is in the state, too. */
export async function look(
  url: string,
  path: string,
): Promise<{ readonly state: Uint8Array; readonly epoch: number; readonly lsn: number }> {
  const editor = new Editor(url, syncPath('sample', path));
  await editor.untilSynced();
  const { epoch, lsn, doc } = editor;
  if (epoch === null) throw new Error('The server did not say which epoch it is in');
  const seen = { state: Y.encodeStateAsUpdate(doc), epoch, lsn };
  await editor.leave();
  return seen;
}

/** Somebody who has what another had, and connects again. */
export async function comeBack(url: string, path: string, state: Uint8Array): Promise<void> {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  const editor = new Editor(url, syncPath('sample', path), { doc });
  await editor.untilStored();
  await editor.leave();
}

/** Somebody else writes until the log is further than a number. */
export async function writeBeyond(url: string, path: string, lsn: number): Promise<void> {
  const editor = new Editor(url, syncPath('sample', path));
  await editor.untilSynced();
  while (editor.lsn <= lsn) {
    for (let i = 0; i < 200; i++) editor.text.insert(editor.text.length, '.');
    await editor.untilStored();
  }
  await editor.leave();
}
