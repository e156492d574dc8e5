import { randomUUID } from 'node:crypto';
import type { Clock } from '../../src/base/clock.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { textKey } from '../store/requests/review.ts';
import type { Store } from '../store/store.ts';
import type { DocumentName, Write } from '../store/write.ts';
import type { ReviewDocuments } from './review-documents.ts';

/** Who has not done it by then has died over it, or is refused: the commit asks whether it still is his turn. */
const DEAD_MS = 30_000;
/** Others take a few milliseconds. */
const MAX_TRIES = 200;
const WAIT_MS = 50;

/**
 * Of all who would decide what a text is, from what it is, one after the other does, at whichever server: each
 * sees what the one before him made of it. Who merely types is not held up, and is merged as ever.
 */
export class TextTurns {
  readonly #documents: ReviewDocuments;
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(documents: ReviewDocuments, store: Store, clock: Clock) {
    this.#documents = documents;
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * `work` finds in memory what any server had written before; what it changes in the text it commits together
   * with `mine`. Errors: textMoved where others are at it for too long.
   */
  async take<T>(file: DocumentName, work: (mine: Write) => Promise<T>): Promise<T> {
    const claim = { project: file.project, path: file.path, token: randomUUID() };
    const suggestion = textKey(file);
    await this.#claim(claim);
    try {
      await this.#documents.look();
      return await work({ ...claim, kind: 'decide', suggestion });
    } finally {
      await this.#store.call('releaseDecision', { suggestion, token: claim.token }).catch(() => undefined);
    }
  }

  async #claim(claim: DocumentName & { readonly token: string }): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const at = this.#clock.now();
      if (await this.#store.call('claimText', { ...claim, at, before: at - DEAD_MS })) return;
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS * (0.5 + Math.random())));
    }
    throw protocolErrors.textMoved({ where: claim.path });
  }
}
