import { createHash, randomUUID } from 'node:crypto';
import type * as Y from 'yjs';
import type { Clock } from '../../src/base/clock.ts';
import { lineEdits } from '../../src/domain/review/line-edits.ts';
import { outdated } from '../../src/domain/review/retention.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { MAX_TEXT_LENGTH } from '../../src/protocol/http/projects.ts';
import {
  type Merge,
  mergeSchema,
  type ReviewPerson,
  ReviewRoot,
  type Version,
  type VersionContent,
  versionSchema,
} from '../../src/protocol/review.ts';
import { readMerge, readVersions } from '../../src/protocol/review-reading.ts';
import { sanitiseText } from '../../src/protocol/sync.ts';
import type { Files } from '../projects/files.ts';
import type { Store } from '../store/store.ts';
import { Together } from '../store/together.ts';
import type { DocumentName, Write } from '../store/write.ts';
import { noteAuthors, type Sent, writtenFor } from './authors.ts';
import type { EditWatch } from './edit-watch.ts';
import { edited, type ReviewDocuments, type Reviewed, rootOf, rootsOf, textOf } from './review-documents.ts';
import { TextTurns } from './text-turns.ts';
import { changedTo, decodeContent, encodeContent, versionContent } from './version-content.ts';
import { writeAs } from './write-as.ts';

export interface VersionParts {
  readonly documents: ReviewDocuments;
  readonly files: Files;
  readonly store: Store;
  readonly clock: Clock;
  /** Who writes what, as far as it is not written down yet. */
  readonly watch: () => Pick<EditWatch, 'sent' | 'takeEditors' | 'giveBackEditors'>;
}

/** The version of what stood there before; null where it was the same text. */
interface Replaced {
  readonly before: Version | null;
}

/** What is known of a new version before its text is looked at. */
type Wish = Pick<Version, 'kind' | 'name' | 'run' | 'by'>;

/** Of one text; those that people named are never thinned out. */
const MAX_NAMED = 1_000;
const MAX_EDITORS = 50;
/** Of one text; of what became of older merges nobody asks. */
const MAX_MERGES = 20;
/** Somebody types on while the text is written down before it is replaced. */
const MAX_TRIES = 5;

/** What the server keeps by itself. */
const AUTOMATIC: Wish = { kind: 'auto', name: null, run: null, by: null };

/** The versions of texts. Errors are those of the operations in src/protocol/http/review.ts. */
export class Versions {
  readonly #parts: VersionParts;
  readonly #turns: TextTurns;

  constructor(parts: VersionParts) {
    this.#parts = parts;
    this.#turns = new TextTurns(parts.documents, parts.store, parts.clock);
  }

  list(file: DocumentName): Promise<Version[]> {
    return this.#parts.documents.read(file, (review) => readVersions(rootsOf(review)));
  }

  create(file: DocumentName, wish: Wish): Promise<Version> {
    return this.#parts.documents.both(file, (rooms) => this.#keep(file, rooms, wish));
  }

  /**
   * What a run trains: its editor may be ahead of the server, and have been away from it for `age` milliseconds.
   * Who sends it again, as he has heard nothing, is given the one that there is. Also of a file that was deleted.
   */
  keepTrained(
    file: DocumentName,
    wish: Wish,
    { text, age = 0 }: { readonly text: string; readonly age?: number | undefined },
  ): Promise<Version> {
    return this.#parts.documents.bothKept(file, (rooms) =>
      this.#turns.take(file, async () => {
        const sha256 = hashOf(text);
        const known = readVersions(rootsOf(rooms.review.doc)).find(
          (one) => one.kind === 'run' && one.run === wish.run && one.sha256 === sha256,
        );
        return known ?? this.#keep(file, rooms, wish, text, age);
      }),
    );
  }

  /** When the editing has paused: no version, where the newest is this very text. Also of a file that was deleted. */
  async pause(file: DocumentName, sent: Sent): Promise<void> {
    await this.#parts.documents.bothKept(file, async (rooms) => {
      await noteAuthors(rooms, sent);
      if (textOf(rooms.text.doc).length <= MAX_TEXT_LENGTH) await this.#keepIfNew(file, rooms, AUTOMATIC);
    });
  }

  async read(
    file: DocumentName,
    id: string,
  ): Promise<{ readonly version: Version; readonly content: VersionContent }> {
    const find = () =>
      this.#parts.documents.read(file, (review) => {
        const found = versionSchema.safeParse(rootOf(review, ReviewRoot.versions).get(id));
        return found.success ? found.data : null;
      });
    let version = await find();
    if (version === null) {
      await this.#parts.documents.look(); // another server may have kept it a moment ago
      version = await find();
    }
    const state = version === null ? null : await this.#parts.store.call('loadVersion', { ...file, id });
    if (version === null || state === null) throw protocolErrors.versionNotFound({ where: id });
    return { version, content: decodeContent(state) };
  }

  /** A new edit of whoever restores; what stood there becomes a version first, so that there is a way back. */
  async restore(file: DocumentName, id: string, by: ReviewPerson): Promise<Replaced> {
    const { content } = await this.read(file, id);
    return this.#inTurn(file, (rooms, mine) => this.#replace(file, rooms, mine, by, content.text, null));
  }

  /** The same with any text, as long as the present one is the one that is to be replaced. */
  takeBack(
    file: DocumentName,
    by: ReviewPerson,
    { text, replaces }: { readonly text: string; readonly replaces: string },
  ): Promise<Replaced> {
    return this.#inTurn(file, (rooms, mine) => this.#replace(file, rooms, mine, by, text, replaces));
  }

  /**
   * Edits have met in a text that does not parse: keeps the last one that did for whoever comes later. Several who
   * notice the same are of one mind: the first one's is kept.
   */
  noteMerge(
    file: DocumentName,
    { merged, good }: { readonly merged: string; readonly good: string },
  ): Promise<Version> {
    return this.#inTurn(file, async (rooms) => {
      const roots = rootsOf(rooms.review.doc);
      if (hashOf(textOf(rooms.text.doc).toString()) !== merged) throw textMoved(file);
      const versions = readVersions(roots);
      const noted = readMerge(roots, merged);
      const known = versions.find(({ id }) => id === noted?.version);
      if (known !== undefined) return known;
      const version =
        versions.find(({ sha256 }) => sha256 === hashOf(good)) ??
        (await this.#keep(file, rooms, { ...AUTOMATIC, name: 'Before edits met' }, good));
      await rooms.review.edit((review) => {
        const merges = rootOf(review, ReviewRoot.merges);
        merges.set(merged, { version: version.id, at: this.#parts.clock.now() } satisfies Merge);
        for (const old of oldest(merges)) merges.delete(old);
      });
      return version;
    });
  }

  /** What others have made of the text, at whichever server, is in memory then. */
  #inTurn<T>(file: DocumentName, work: (rooms: Reviewed, mine: Write) => Promise<T>): Promise<T> {
    return this.#parts.documents.both(file, (rooms) => this.#turns.take(file, (mine) => work(rooms, mine)));
  }

  async #replace(
    file: DocumentName,
    rooms: Reviewed,
    mine: Write,
    by: ReviewPerson,
    text: string,
    replaces: string | null,
  ): Promise<Replaced> {
    const wanted = sanitiseText(text);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const present = textOf(rooms.text.doc).toString();
      if (replaces !== null && hashOf(present) !== replaces) throw textMoved(file);
      if (present === wanted) return { before: null };
      const before = await this.#keepIfNew(file, rooms, AUTOMATIC);
      // Somebody may have typed while it was written down, and what he typed is in no version.
      if (textOf(rooms.text.doc).toString() !== present) continue;
      const clients: number[] = [];
      const edits = lineEdits(present, wanted);
      const together = new Together();
      const changed = edited(rooms.text, (doc) => clients.push(writeAs(textOf(doc), edits)), together);
      void together.write(mine);
      const noted = clients.map((client) => noteAuthors(rooms, writtenFor(client, by)));
      await Promise.all([changed, together.commit(this.#parts.store), ...noted]);
      return { before };
    }
    throw textMoved(file);
  }

  async #keepIfNew(file: DocumentName, rooms: Reviewed, wish: Wish): Promise<Version> {
    const [newest] = readVersions(rootsOf(rooms.review.doc));
    const same = newest !== undefined && newest.sha256 === hashOf(textOf(rooms.text.doc).toString());
    return same ? newest : this.#keep(file, rooms, wish);
  }

  /** `text`: what it is of, where that is not the present one; `age`: of that text, in milliseconds. */
  async #keep(file: DocumentName, rooms: Reviewed, wish: Wish, text?: string, age = 0): Promise<Version> {
    const watch = this.#parts.watch();
    const before = readVersions(rootsOf(rooms.review.doc));
    if (wish.kind === 'named' && before.filter(({ kind }) => kind === 'named').length >= MAX_NAMED)
      throw protocolErrors.reviewFull({
        where: file.path,
        message: 'There are 1,000 named versions already',
      });
    const present = versionContent(rooms, watch.sent(file));
    const isPresent = text === undefined || text === present.text;
    const content = isPresent ? present : changedTo(present, text, wish.by);
    const characters = content.text.length;
    if (characters > MAX_TEXT_LENGTH)
      throw protocolErrors.tooLarge({ where: file.path, data: { characters, limit: MAX_TEXT_LENGTH } });
    // Who wrote since the version before is said by the one that holds what he wrote.
    const editors = isPresent ? watch.takeEditors(file) : [];
    const now = this.#parts.clock.now();
    const version: Version = {
      id: randomUUID(),
      ...wish,
      created: Math.max(0, now - age),
      editors: editors.slice(0, MAX_EDITORS),
      sha256: hashOf(content.text),
      characters,
    };
    try {
      await this.#write(file, rooms, version, content, outdated([version, ...before], now));
    } catch (error) {
      watch.giveBackEditors(file, editors);
      throw error;
    }
    return version;
  }

  async #write(
    file: DocumentName,
    rooms: Reviewed,
    version: Version,
    content: VersionContent,
    drop: readonly string[],
  ): Promise<void> {
    const { store } = this.#parts;
    const { id } = version;
    // So that the garbage collection leaves what a version needs to be trained again.
    const artifacts = await this.#parts.files.artifactsNamedIn(file.project, content.text);
    // The text first: a version that is listed can be read. A text that no list has is removed with the file.
    await store.call('saveVersion', { ...file, id, state: encodeContent(content), artifacts });
    await rooms.review.edit((review) => {
      const versions = rootOf(review, ReviewRoot.versions);
      versions.set(id, version);
      for (const one of drop) versions.delete(one);
    });
    await store.call('dropVersions', { ...file, ids: drop });
  }
}

/** Merges beyond those that are kept. */
function oldest(merges: Y.Map<unknown>): readonly string[] {
  const times = [...merges].map(([key, merge]) => ({ key, at: mergeSchema.safeParse(merge).data?.at ?? 0 }));
  return times
    .sort((a, b) => b.at - a.at)
    .slice(MAX_MERGES)
    .map(({ key }) => key);
}

function textMoved({ path }: DocumentName): Error {
  return protocolErrors.textMoved({ where: path });
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
