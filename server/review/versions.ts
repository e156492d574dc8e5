import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../../src/base/clock.ts';
import { lineEdits } from '../../src/domain/review/line-edits.ts';
import { outdated } from '../../src/domain/review/retention.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { MAX_TEXT_LENGTH } from '../../src/protocol/http/projects.ts';
import {
  type ReviewPerson,
  ReviewRoot,
  type Version,
  type VersionContent,
  versionSchema,
} from '../../src/protocol/review.ts';
import { readVersions } from '../../src/protocol/review-reading.ts';
import type { Files } from '../projects/files.ts';
import type { Store } from '../store/store.ts';
import type { DocumentName } from '../store/write.ts';
import { edited, type ReviewDocuments, type Reviewed, rootOf, rootsOf, textOf } from './review-documents.ts';
import { decodeContent, encodeContent, versionContent } from './version-content.ts';
import { writeAs } from './write-as.ts';

export interface VersionParts {
  readonly documents: ReviewDocuments;
  readonly files: Files;
  readonly store: Store;
  readonly clock: Clock;
  /** Who wrote since the version before, and no other has been told of yet. */
  readonly takeEditors: (file: DocumentName) => readonly ReviewPerson[];
}

/** What is known of a new version before its text is looked at. */
type Wish = Pick<Version, 'kind' | 'name' | 'run' | 'by'>;

/** Of one text; those that people named are never thinned out. */
const MAX_NAMED = 1_000;
const MAX_EDITORS = 50;

/** The versions of texts. Errors are those of the operations in src/protocol/http/review.ts. */
export class Versions {
  readonly #parts: VersionParts;

  constructor(parts: VersionParts) {
    this.#parts = parts;
  }

  list(file: DocumentName): Promise<Version[]> {
    return this.#parts.documents.read(file, (review) => readVersions(rootsOf(review)));
  }

  create(file: DocumentName, wish: Wish): Promise<Version> {
    return this.#parts.documents.both(file, (rooms) => this.#keep(file, rooms, wish));
  }

  /** When the editing has paused: nothing, where the newest version is this very text. */
  async pause(file: DocumentName, authors: ReadonlyMap<number, ReviewPerson>): Promise<void> {
    await this.#parts.documents.both(file, async (rooms) => {
      await noteAuthors(rooms, authors);
      const wish: Wish = { kind: 'auto', name: null, run: null, by: null };
      if (textOf(rooms.text.doc).length <= MAX_TEXT_LENGTH) await this.#keepIfNew(file, rooms, wish);
    });
  }

  async read(
    file: DocumentName,
    id: string,
  ): Promise<{ readonly version: Version; readonly content: VersionContent }> {
    const version = await this.#parts.documents.read(file, (review) => {
      const found = versionSchema.safeParse(rootOf(review, ReviewRoot.versions).get(id));
      return found.success ? found.data : null;
    });
    const state = version === null ? null : await this.#parts.store.call('loadVersion', { ...file, id });
    if (version === null || state === null) throw protocolErrors.versionNotFound({ where: id });
    return { version, content: decodeContent(state) };
  }

  /** A new edit of whoever restores; what stood there becomes a version first, so that there is a way back. */
  async restore(
    file: DocumentName,
    id: string,
    by: ReviewPerson,
  ): Promise<{ readonly before: Version | null }> {
    const { content } = await this.read(file, id);
    return this.#parts.documents.both(file, async (rooms) => {
      if (textOf(rooms.text.doc).toString() === content.text) return { before: null };
      const before = await this.#keepIfNew(file, rooms, { kind: 'auto', name: null, run: null, by: null });
      // Read again: somebody may have typed while the version was written down.
      const edits = lineEdits(textOf(rooms.text.doc).toString(), content.text);
      const clients: number[] = [];
      const changed = edited(rooms.text, (doc) => clients.push(writeAs(textOf(doc), edits)));
      await Promise.all([changed, noteAuthors(rooms, new Map(clients.map((client) => [client, by])))]);
      return { before };
    });
  }

  async #keepIfNew(file: DocumentName, rooms: Reviewed, wish: Wish): Promise<Version> {
    const [newest] = readVersions(rootsOf(rooms.review.doc));
    const same = newest !== undefined && newest.sha256 === hashOf(textOf(rooms.text.doc).toString());
    return same ? newest : this.#keep(file, rooms, wish);
  }

  async #keep(file: DocumentName, rooms: Reviewed, wish: Wish): Promise<Version> {
    const { store, clock, takeEditors } = this.#parts;
    const before = readVersions(rootsOf(rooms.review.doc));
    if (wish.kind === 'named' && before.filter(({ kind }) => kind === 'named').length >= MAX_NAMED)
      throw protocolErrors.reviewFull({
        where: file.path,
        message: 'There are 1,000 named versions already',
      });
    const content = versionContent(rooms);
    const characters = content.text.length;
    if (characters > MAX_TEXT_LENGTH)
      throw protocolErrors.tooLarge({ where: file.path, data: { characters, limit: MAX_TEXT_LENGTH } });
    const id = randomUUID();
    const editors = takeEditors(file).slice(0, MAX_EDITORS);
    const version: Version = {
      id,
      ...wish,
      created: clock.now(),
      editors: [...editors],
      sha256: hashOf(content.text),
      characters,
    };
    const artifacts = await this.#artifactsNamedIn(file.project, content.text);
    // The text first: a version that is listed can be read. A text that no list has is removed with the file.
    await store.call('saveVersion', { ...file, id, state: encodeContent(content), artifacts });
    const drop = outdated([version, ...before], version.created);
    await rooms.review.edit((review) => {
      const versions = rootOf(review, ReviewRoot.versions);
      versions.set(id, version);
      for (const one of drop) versions.delete(one);
    });
    await store.call('dropVersions', { ...file, ids: drop });
    return version;
  }

  /** So that the garbage collection leaves what a version needs to be trained again. */
  async #artifactsNamedIn(project: string, text: string): Promise<string[]> {
    const files = await this.#parts.files.list(project, false);
    const named = files.filter(({ kind, path }) => kind === 'artifact' && text.includes(path));
    return named.flatMap((file) => (file.kind === 'artifact' ? [file.sha256] : []));
  }
}

/** The first that was seen of a client stays. */
async function noteAuthors({ review }: Reviewed, authors: ReadonlyMap<number, ReviewPerson>): Promise<void> {
  const known = rootOf(review.doc, ReviewRoot.authors);
  const fresh = [...authors].filter(([client]) => !known.has(String(client)));
  if (fresh.length === 0) return;
  await review.edit((doc) => {
    for (const [client, person] of fresh) rootOf(doc, ReviewRoot.authors).set(String(client), person);
  });
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
