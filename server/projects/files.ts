import type * as Y from 'yjs';
import type { Clock } from '../../src/base/clock.ts';
import { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { ProjectFile } from '../../src/protocol/http/files.ts';
import { reviewDocument, reviewedPath } from '../../src/protocol/review.ts';
import {
  CloseCode,
  PROJECT_DOCUMENT,
  readFileEntry,
  type SyncAddress,
  TEXT_ROOT,
} from '../../src/protocol/sync.ts';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import { serverErrors } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { Together } from '../store/together.ts';
import type { DocumentName, Write } from '../store/write.ts';
import type { Rooms } from '../sync/rooms.ts';
import { seedText } from '../sync/seed.ts';
import type { Doorkeeper, Refusal } from '../sync/sockets.ts';
import { artifactsNamedIn, documentOf, entryOf, filesMap, leadsTo, liveEntry, set } from './file-list.ts';
import type { Projects } from './projects.ts';

const MAX_TRIES = 3;

/**
 * The files of projects. Which there are says the project's document alone; this reads and edits it as any
 * editor does, and moves or removes texts in the same commit. Errors are those of src/protocol/http/files.ts.
 */
export class Files implements Doorkeeper {
  readonly #projects: Projects;
  readonly #rooms: Rooms;
  readonly #store: Store;
  readonly #artifacts: ArtifactStore;
  readonly #clock: Clock;

  constructor(projects: Projects, rooms: Rooms, store: Store, artifacts: ArtifactStore, clock: Clock) {
    this.#projects = projects;
    this.#rooms = rooms;
    this.#store = store;
    this.#artifacts = artifacts;
    this.#clock = clock;
  }

  async list(project: string, deleted: boolean): Promise<ProjectFile[]> {
    await this.#projects.live(project);
    const files = await this.#rooms.read(documentOf(project), (doc) =>
      [...filesMap(doc).entries()].flatMap(([path, value]) => {
        const entry = readFileEntry(path, value);
        return entry === null || (entry.deleted !== undefined) !== deleted ? [] : [{ ...entry, path }];
      }),
    );
    return files.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async create(
    project: string,
    file:
      | { readonly kind: 'text'; readonly path: string; readonly text: string }
      | {
          readonly kind: 'artifact';
          readonly path: string;
          readonly sha256: string;
          readonly mediaType?: string | undefined;
        },
  ): Promise<ProjectFile> {
    const { workspace } = await this.#projects.live(project);
    const created = this.#clock.now();
    const { path } = file;
    const name = { project, path };
    if (file.kind === 'artifact') {
      const bytes = await this.#artifacts.size({ workspace, sha256: file.sha256 });
      if (bytes === null) throw protocolErrors.artifactNotFound({ where: file.sha256 });
      const { sha256, mediaType } = file;
      const entry = {
        kind: 'artifact',
        sha256,
        bytes,
        created,
        ...(mediaType === undefined ? {} : { mediaType }),
      } as const;
      return this.#edit(project, (files) => {
        if (files.has(path)) throw protocolErrors.fileExists({ where: path });
        return set(files, path, entry);
      });
    }
    return this.#rooms.exclusive(name, CloseCode.resync, 'The file is being created', async () => {
      if (await this.#isWritten(name)) throw protocolErrors.fileExists({ where: path });
      return this.#edit(project, (files, together) => {
        if (files.has(path)) throw protocolErrors.fileExists({ where: path });
        together({ kind: 'seed', ...name, data: seedText(file.text) });
        return set(files, path, { kind: 'text', created });
      });
    });
  }

  async read(project: string, path: string): Promise<string> {
    await this.#projects.live(project);
    const entry = await this.#rooms.read(documentOf(project), (doc) => liveEntry(filesMap(doc), path));
    if (entry.kind !== 'text') throw protocolErrors.notText({ where: path });
    return this.#rooms.read({ project, path }, (doc) => doc.getText(TEXT_ROOT).toString());
  }

  /** Throws where there is no text under this path that one can say something about. */
  async checkText(project: string, path: string): Promise<void> {
    await this.#projects.live(project);
    const entry = await this.#rooms.read(documentOf(project), (doc) => liveEntry(filesMap(doc), path));
    if (entry.kind !== 'text') throw protocolErrors.notText({ where: path });
  }

  /** Throws where no text is kept under this path; a deleted one is. Says where it is, if it was renamed. */
  async checkKept(project: string, path: string): Promise<void> {
    await this.#projects.live(project);
    const entry = await this.#rooms.read(documentOf(project), (doc) => entryOf(filesMap(doc), path));
    if (entry.kind !== 'text') throw protocolErrors.notText({ where: path });
    const { movedTo } = entry;
    if (movedTo !== undefined) throw protocolErrors.fileDeleted({ where: path, data: { movedTo } });
  }

  async rename(project: string, path: string, to: string): Promise<ProjectFile> {
    await this.#projects.live(project);
    const move = async (): Promise<ProjectFile> => {
      // A text that no list has yet, of somebody who writes offline: two of one name would undo the commit.
      if (path !== to && (await this.#isWritten({ project, path: to })))
        throw protocolErrors.fileExists({ where: to });
      return this.#edit(project, (files, together) => {
        const entry = liveEntry(files, path);
        if (path === to) return { ...entry, path };
        if (files.has(to) && !leadsTo(files, to, path)) throw protocolErrors.fileExists({ where: to });
        if (entry.kind === 'text') {
          together({ kind: 'rename', project, path, to });
          const review = { project, path: reviewDocument(path) };
          together({ kind: 'purge', project, path: reviewDocument(to) }); // of nothing that is there any more
          together({ kind: 'rename', ...review, to: reviewDocument(to) });
        }
        set(files, path, { ...entry, deleted: this.#clock.now(), movedTo: to });
        return set(files, to, entry);
      });
    };
    if (path === to) return move();
    return this.#alone(project, [path, to], `Moved: ${path} is now ${to}`, move);
  }

  /** So that it can be restored; `forever` also removes the text and the entry. Artifacts' bytes stay. */
  async remove(project: string, path: string, forever: boolean): Promise<ProjectFile> {
    await this.#projects.live(project);
    return this.#alone(project, [path], 'The file has been deleted', () =>
      this.#edit(project, (files, together) => {
        const entry = entryOf(files, path);
        const deleted = { ...entry, deleted: entry.deleted ?? this.#clock.now() };
        if (!forever) return entry.deleted === undefined ? set(files, path, deleted) : { ...entry, path };
        files.delete(path);
        if (entry.kind === 'text') {
          together({ kind: 'purge', project, path });
          together({ kind: 'purge', project, path: reviewDocument(path) });
        }
        return { ...deleted, path };
      }),
    );
  }

  async restore(project: string, path: string): Promise<ProjectFile> {
    await this.#projects.live(project);
    return this.#edit(project, (files) => {
      const { deleted, movedTo, ...entry } = entryOf(files, path);
      if (deleted === undefined) return { ...entry, path };
      if (movedTo !== undefined) {
        throw protocolErrors.fileExists({
          where: movedTo,
          message: `The file was renamed to ${movedTo}`,
          fix: 'Rename it back.',
        });
      }
      return set(files, path, entry);
    });
  }

  /** Whether a socket may open a document, and if not, how it is turned away; sees to the list. */
  async admit(address: SyncAddress): Promise<Refusal | null> {
    const { project, path } = address;
    const refusal = await this.refusal(address);
    if (refusal !== null || path === PROJECT_DOCUMENT || reviewedPath(path) !== null) return refusal;
    const listed = await this.#rooms.read(documentOf(project), (doc) => filesMap(doc).has(path));
    // It was written, and the server was killed before the list had it.
    if (!listed && (await this.#rooms.read(address, (doc) => doc.getText(TEXT_ROOT).length > 0))) {
      await this.enlist(project, [path]);
    }
    return null;
  }

  async refusal({ project, path: document }: SyncAddress): Promise<Refusal | null> {
    const path = reviewedPath(document) ?? document;
    const found = await this.#projects.peek(project);
    if (found === null) return { code: CloseCode.projectNotFound, reason: 'There is no such project' };
    if (found.deleted !== null) return { code: CloseCode.gone, reason: 'The project has been deleted' };
    if (path === PROJECT_DOCUMENT) return null;
    const entry = await this.#rooms.read(documentOf(project), (doc) =>
      readFileEntry(path, filesMap(doc).get(path)),
    );
    // A path that the list does not have yet may be a file that was made offline: its entry is on the way.
    if (entry === null) return null;
    if (entry.movedTo !== undefined) return { code: CloseCode.gone, reason: `Moved to ${entry.movedTo}` };
    if (entry.deleted !== undefined) return { code: CloseCode.gone, reason: 'The file has been deleted' };
    if (entry.kind !== 'text')
      return { code: CloseCode.badRequest, reason: 'The file is an artifact, not a text' };
    return null;
  }

  /** Puts texts that somebody began to write into the list, unless they are there. */
  enlist(project: string, paths: readonly string[]): Promise<void> {
    return this.#edit(project, (files) => {
      for (const path of paths)
        if (readFileEntry(path, files.get(path)) === null)
          set(files, path, { kind: 'text', created: this.#clock.now() });
    });
  }

  /** The hashes of the artifacts of the project that a text names by their paths. */
  artifactsNamedIn(project: string, text: string): Promise<string[]> {
    return this.#rooms.read(documentOf(project), (doc) => artifactsNamedIn(filesMap(doc), text));
  }

  /** With nobody in the files or in what is said about them. Always in one order, so that nobody waits for ever. */
  #alone<T>(project: string, paths: readonly string[], reason: string, work: () => Promise<T>): Promise<T> {
    const sorted = [...paths].sort();
    return [...sorted.map(reviewDocument), ...sorted].reduceRight(
      (inner, path) => () => this.#rooms.exclusive({ project, path }, CloseCode.gone, reason, inner),
      work,
    )();
  }

  async #isWritten(name: DocumentName): Promise<boolean> {
    const { snapshot, updates } = await this.#store.call('loadDocument', name);
    return snapshot !== null || updates.length > 0;
  }

  /** Edits the list. What is written `together` with it is in the same commit, or neither is. */
  async #edit<T>(
    project: string,
    change: (files: Y.Map<unknown>, together: (write: Write) => void) => T,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#editOnce(project, change);
      } catch (error) {
        // The list that was in memory is not the one that the database has: it is loaded anew.
        const isReplaced = error instanceof AnnealError && error.code === serverErrors.documentReplaced.code;
        if (!isReplaced || tries >= MAX_TRIES) throw error;
      }
    }
  }

  #editOnce<T>(
    project: string,
    change: (files: Y.Map<unknown>, together: (write: Write) => void) => T,
  ): Promise<T> {
    return this.#rooms.use(documentOf(project), async (room) => {
      const together = new Together();
      let changed: { readonly to: T } | null = null;
      const edited = room.edit((doc) => {
        changed = { to: change(filesMap(doc), (write) => void together.write(write)) };
      }, together);
      edited.catch(() => undefined); // it is awaited below
      if (changed === null) together.drop(protocolErrors.internal());
      else await together.commit(this.#store);
      await edited;
      if (changed === null) throw protocolErrors.internal();
      return (changed as { readonly to: T }).to;
    });
  }
}
