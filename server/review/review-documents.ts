import type * as Y from 'yjs';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { type ReviewRoot, reviewDocument } from '../../src/protocol/review.ts';
import type { ReviewRoots } from '../../src/protocol/review-reading.ts';
import { TEXT_ROOT } from '../../src/protocol/sync.ts';
import type { Files } from '../projects/files.ts';
import type { DocumentName, Writer } from '../store/write.ts';
import type { Room } from '../sync/room.ts';
import type { Rooms } from '../sync/rooms.ts';

/** Of all that is said about a text; deciding and resolving goes on beyond it. */
const MAX_REVIEW_BYTES = 8 * 1024 * 1024;

type RootName = (typeof ReviewRoot)[keyof typeof ReviewRoot];

export const rootOf = (review: Y.Doc, root: RootName): Y.Map<unknown> => review.getMap(root);

export function rootsOf(review: Y.Doc): ReviewRoots {
  return (root) => rootOf(review, root).entries() as Iterable<[string, unknown]>;
}

export const textOf = (doc: Y.Doc): Y.Text => doc.getText(TEXT_ROOT);

/** A text and what is said about it, both in memory. */
export interface Reviewed {
  readonly text: Room;
  readonly review: Room;
}

/**
 * The documents of texts and of what is said about them. Every use checks that the text is there, while it is
 * held: so nothing is ever said about a file that has moved or gone in between.
 */
export class ReviewDocuments {
  readonly #rooms: Rooms;
  readonly #files: Files;

  constructor(rooms: Rooms, files: Files) {
    this.#rooms = rooms;
    this.#files = files;
  }

  read<T>(file: DocumentName, take: (review: Y.Doc) => T): Promise<T> {
    return this.#held(file, reviewOf(file), (room) => take(room.doc));
  }

  /** Holds what is said about a text that nobody may be in, without a look at whether the text is there. */
  hold<T>(file: DocumentName, work: (review: Room) => Promise<T>): Promise<T> {
    return this.#rooms.use(reviewOf(file), work);
  }

  /** Resolves when what is in memory holds all that other servers had written when this was asked. */
  look(): Promise<void> {
    return this.#rooms.look();
  }

  /** What is said about a text, held. */
  within<T>(file: DocumentName, work: (review: Room) => Promise<T>): Promise<T> {
    return this.#held(file, reviewOf(file), work);
  }

  /** Resolves when it is on disk. What `change` throws is thrown, and then it must have changed nothing. */
  edit<T>(file: DocumentName, change: (review: Y.Doc) => T): Promise<T> {
    return this.#held(file, reviewOf(file), (room) => edited(room, change));
  }

  /** The same where the change adds something, which a document that is full does not take. */
  add<T>(file: DocumentName, change: (review: Y.Doc) => T): Promise<T> {
    return this.#held(file, reviewOf(file), (room) => {
      if (room.bytes > MAX_REVIEW_BYTES) throw protocolErrors.reviewFull({ where: file.path });
      return edited(room, change);
    });
  }

  /** The review first, as everywhere that holds both: who held them the other way round could wait for ever. */
  both<T>(file: DocumentName, work: (rooms: Reviewed) => T | Promise<T>): Promise<T> {
    return this.#held(file, reviewOf(file), (review) =>
      this.#held(file, file, (text) => work({ text, review })),
    );
  }

  /** The same of a file that was deleted and may be restored. */
  bothKept<T>(file: DocumentName, work: (rooms: Reviewed) => T | Promise<T>): Promise<T> {
    const check = (): Promise<void> => this.#files.checkKept(file.project, file.path);
    const inText = (review: Room): Promise<T> =>
      this.#held(file, file, (text) => work({ text, review }), check);
    return this.#held(file, reviewOf(file), inText, check);
  }

  async #held<T>(
    file: DocumentName,
    name: DocumentName,
    work: (room: Room) => T | Promise<T>,
    check: () => Promise<void> = () => this.#files.checkText(file.project, file.path),
  ): Promise<T> {
    const { room, result } = await this.#rooms.enter(
      name,
      (entered) => ({ room: entered, result: work(entered) }),
      check,
    );
    try {
      return await result;
    } finally {
      room.release();
    }
  }
}

/** `writer`: what commits it, together with something else. */
export async function edited<T>(room: Room, change: (doc: Y.Doc) => T, writer?: Writer): Promise<T> {
  const results: T[] = [];
  await room.edit((doc) => {
    results.push(change(doc));
  }, writer);
  return results[0] as T;
}

export function reviewOf({ project, path }: DocumentName): DocumentName {
  return { project, path: reviewDocument(path) };
}
