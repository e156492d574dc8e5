import type { Clock } from '../../src/base/clock.ts';
import { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { WholeSuggestion, WholeThread } from '../../src/protocol/http/review.ts';
import { readSuggestions, readThreads } from '../../src/protocol/review-reading.ts';
import { documentKind } from '../../src/protocol/sync.ts';
import type { Files } from '../projects/files.ts';
import type { Store } from '../store/store.ts';
import type { DocumentName } from '../store/write.ts';
import type { Rooms } from '../sync/rooms.ts';
import { type Follower, noFollower } from '../sync/rotation.ts';
import { defaultPauseTimes, EditWatch, type PauseTimes } from './edit-watch.ts';
import { followRotation } from './follow-rotation.ts';
import { ReviewDocuments, rootsOf } from './review-documents.ts';
import { Suggestions } from './suggestions.ts';
import { Threads } from './threads.ts';
import { Versions } from './versions.ts';

export interface ReviewParts {
  readonly rooms: Rooms;
  readonly files: Files;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  readonly pauses?: PauseTimes | undefined;
}

/** What is said about texts, and how they were. */
export class Review {
  readonly threads: Threads;
  readonly suggestions: Suggestions;
  readonly versions: Versions;
  readonly watch: EditWatch;
  readonly #documents: ReviewDocuments;

  constructor({ rooms, files, store, clock, log, pauses = defaultPauseTimes }: ReviewParts) {
    this.#documents = new ReviewDocuments(rooms, files);
    this.threads = new Threads(this.#documents, store, clock);
    this.suggestions = new Suggestions(this.#documents, store, clock);
    this.versions = new Versions({
      documents: this.#documents,
      files,
      store,
      clock,
      watch: () => this.watch,
    });
    this.watch = new EditWatch(clock, pauses, async (file, sent) => {
      try {
        await this.versions.pause(file, sent);
        return true;
      } catch (error) {
        const movedTo = movedOf(error);
        if (movedTo !== null) this.watch.moved(file, movedTo);
        if (movedTo !== null) return false;
        // Gone in between: there is no text left to keep a version of.
        const isOver = error instanceof AnnealError && over.has(error.code);
        if (!isOver) log(`Version of ${file.path}: ${String(error)}`);
        return isOver;
      }
    });
  }

  /** Runs `rotate` for a text that begins anew: what is said about it goes with it. */
  async followed(file: DocumentName, rotate: (follower: Follower) => Promise<void>): Promise<void> {
    if (documentKind(file.path) !== 'text') return rotate(noFollower);
    await this.#documents.hold(file, (review) => rotate(followRotation(review, () => this.watch.sent(file))));
  }

  all(
    file: DocumentName,
  ): Promise<{ readonly threads: WholeThread[]; readonly suggestions: WholeSuggestion[] }> {
    return this.#documents.read(file, (review) => ({
      threads: readThreads(rootsOf(review)),
      suggestions: readSuggestions(rootsOf(review)),
    }));
  }
}

/** Where a file went that is not under its name any more; null where that is not what is wrong. */
function movedOf(error: unknown): string | null {
  const isMoved = error instanceof AnnealError && error.code === protocolErrors.fileDeleted.code;
  const to = isMoved ? error.data?.movedTo : undefined;
  return typeof to === 'string' ? to : null;
}

const { projectNotFound, projectDeleted, fileNotFound, notText, shuttingDown } = protocolErrors;
const over: ReadonlySet<string> = new Set(
  [projectNotFound, projectDeleted, fileNotFound, notText, shuttingDown].map(({ code }) => code),
);
