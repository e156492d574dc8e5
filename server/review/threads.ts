import { randomUUID } from 'node:crypto';
import type * as Y from 'yjs';
import type { Clock } from '../../src/base/clock.ts';
import { mentioned } from '../../src/domain/review/mentions.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Mention, WholeThread } from '../../src/protocol/http/review.ts';
import {
  type Anchor,
  type Resolution,
  type ReviewComment,
  type ReviewPerson,
  ReviewRoot,
  type ReviewThread,
} from '../../src/protocol/review.ts';
import { readThread } from '../../src/protocol/review-reading.ts';
import type { Store } from '../store/store.ts';
import type { DocumentName } from '../store/write.ts';
import { type ReviewDocuments, rootOf, rootsOf } from './review-documents.ts';

/** Of one text. */
const MAX_THREADS = 2_000;
const MAX_COMMENTS = 10_000;
/** In one comment. */
const MAX_MENTIONED = 20;

/** Comments in threads. Errors are those of the operations in src/protocol/http/review.ts. */
export class Threads {
  readonly #documents: ReviewDocuments;
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(documents: ReviewDocuments, store: Store, clock: Clock) {
    this.#documents = documents;
    this.#store = store;
    this.#clock = clock;
  }

  start(
    file: DocumentName,
    by: ReviewPerson,
    { anchor, text }: { readonly anchor: Anchor | null; readonly text: string },
  ): Promise<WholeThread> {
    const thread: ReviewThread = { id: randomUUID(), by, created: this.#clock.now(), anchor };
    const comment = this.#comment(thread.id, by, text);
    return this.#say(file, comment, (review) => {
      const threads = rootOf(review, ReviewRoot.threads);
      if (threads.size >= MAX_THREADS) throw full(file);
      threads.set(thread.id, thread);
    });
  }

  /** What was resolved is open again: somebody has something to add. */
  reply(file: DocumentName, by: ReviewPerson, thread: string, text: string): Promise<WholeThread> {
    const comment = this.#comment(thread, by, text);
    return this.#say(file, comment, (review) => {
      wholeThread(review, thread); // throws where there is none
      rootOf(review, ReviewRoot.resolutions).delete(thread);
    });
  }

  resolve(file: DocumentName, by: ReviewPerson, thread: string, resolved: boolean): Promise<WholeThread> {
    return this.#documents.edit(file, (review) => {
      const resolutions = rootOf(review, ReviewRoot.resolutions);
      if ((wholeThread(review, thread).resolved !== null) !== resolved) {
        if (resolved) resolutions.set(thread, { by, at: this.#clock.now() } satisfies Resolution);
        else resolutions.delete(thread);
      }
      return wholeThread(review, thread);
    });
  }

  mentions(project: string, person: string): Promise<Mention[]> {
    return this.#store.call('listMentions', { project, person });
  }

  read(project: string, person: string, thread: string): Promise<number> {
    return this.#store.call('readMentions', { project, person, thread });
  }

  #comment(thread: string, by: ReviewPerson, text: string): ReviewComment {
    return { id: randomUUID(), thread, by, created: this.#clock.now(), text };
  }

  async #say(
    file: DocumentName,
    comment: ReviewComment,
    before: (review: Y.Doc) => void,
  ): Promise<WholeThread> {
    let told: Promise<void> = Promise.resolve();
    const whole = await this.#documents.add(file, (review) => {
      const comments = rootOf(review, ReviewRoot.comments);
      if (comments.size >= MAX_COMMENTS) throw full(file);
      before(review);
      comments.set(comment.id, comment);
      // In the same turn: whoever sees the comment and asks at once finds that he is mentioned.
      told = this.#tell(file, comment);
      // It is awaited below, but may fail before that: a failure that nobody hears in time would end the process.
      told.catch(() => undefined);
      return wholeThread(review, comment.thread);
    });
    await told;
    return whole;
  }

  /** Leaves an unread mark for whoever is mentioned, except for who wrote it. */
  async #tell(file: DocumentName, { id, thread, by, created, text }: ReviewComment): Promise<void> {
    const people = mentioned(text)
      .filter((person) => person !== by.id)
      .slice(0, MAX_MENTIONED);
    if (people.length === 0) return;
    await this.#store.call('addMentions', {
      ...file,
      comment: id,
      thread,
      by: by.name,
      created,
      people,
    });
  }
}

function wholeThread(review: Y.Doc, id: string): WholeThread {
  const thread = readThread(rootsOf(review), id);
  if (thread === null) throw protocolErrors.threadNotFound({ where: id });
  return thread;
}

function full({ path }: DocumentName): Error {
  return protocolErrors.reviewFull({ where: path });
}
