import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AnnealError } from '../../src/base/error.ts';
import { CloseCode } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import type { DocumentName } from '../store/write.ts';
import type { CloseCodeValue } from './close-code.ts';
import type { Fanout, Lock, Subscription } from './fanout.ts';

const CHANNEL = 'holds';
/** A server that does not answer within this time is not waited for: what it may write is refused (Generation). */
const ANSWER_MS = 5_000;
/** A hold that nobody renews or ends is over after this time: its server has died. */
const HOLD_MS = 30_000;
const RENEW_MS = 10_000;
/** So long is waited for another server that moves or removes the same document. */
const PATIENCE_MS = 15_000;
const RETRY_MS = 40;

const codeSchema = z.literal(Object.values(CloseCode));

const messageSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('hold'),
    token: z.string(),
    project: z.string(),
    path: z.string(),
    code: codeSchema,
    reason: z.string(),
  }),
  z.object({ kind: z.literal('held'), token: z.string() }),
  z.object({ kind: z.literal('renew'), token: z.string() }),
  z.object({ kind: z.literal('release'), token: z.string() }),
  z.object({ kind: z.literal('shut'), project: z.string(), code: codeSchema, reason: z.string() }),
]);
type Message = z.infer<typeof messageSchema>;

export interface Taken {
  release(): Promise<void>;
}

/** What this server does when another asks for it. */
export interface Held {
  /** Sends everybody out of the document and lets nobody in until the promise settles; resolves when it is so. */
  hold(name: DocumentName, code: CloseCodeValue, reason: string, until: Promise<void>): Promise<void>;
  shutProject(project: string, code: CloseCodeValue, reason: string): void;
}

/**
 * While a document is moved, removed or begun anew it is in no server's memory: so its people come back by
 * themselves, and what they write meanwhile is taken afterwards. That no server that did not hear of it writes into
 * what it does not know, the database sees to.
 */
export class Holds {
  readonly #fanout: Fanout;
  readonly #here: Held;
  /** Servers that have not answered yet, by token. */
  readonly #asked = new Map<string, () => void>();
  /** What another server holds here. */
  readonly #held = new Map<string, { readonly end: () => void; readonly renew: () => void }>();
  #subscription: Subscription | null = null;

  constructor(fanout: Fanout, here: Held) {
    this.#fanout = fanout;
    this.#here = here;
  }

  async open(): Promise<void> {
    this.#subscription = await this.#fanout.subscribe(CHANNEL, (bytes) => {
      const message = messageSchema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
      if (message.success) this.#hear(message.data);
    });
  }

  close(): void {
    this.#subscription?.end();
    for (const { end } of this.#held.values()) end();
  }

  /**
   * Resolves when no other server has the document in memory or lets anybody in, as far as they can be asked; until
   * `release`. Rejects with storeFailed where another holds it for too long.
   */
  async take(
    { project, path }: DocumentName,
    code: CloseCodeValue,
    reason: string,
    isWanted: () => boolean = () => true,
  ): Promise<Taken> {
    const token = randomBytes(12).toString('hex');
    let lock: Lock | null = null;
    try {
      lock = await this.#lock(`${project}\n${path}`, isWanted);
      await this.#ask({ kind: 'hold', token, project, path, code, reason });
    } catch (error) {
      if (!isUnreachable(error)) throw error;
    }
    return this.#taken(token, lock);
  }

  #taken(token: string, lock: Lock | null): Taken {
    let timer: NodeJS.Timeout | null = null;
    const renewLater = (): void => {
      timer = setTimeout(() => {
        this.#fanout.publish(CHANNEL, encode({ kind: 'renew', token }));
        void lock?.renew(HOLD_MS);
        renewLater();
      }, RENEW_MS);
      timer.unref();
    };
    renewLater();
    return {
      release: async () => {
        if (timer !== null) clearTimeout(timer);
        this.#fanout.publish(CHANNEL, encode({ kind: 'release', token }));
        await lock?.release();
      },
    };
  }

  /** The project has been deleted: the database says so to whoever comes, this sends out who is there. */
  shutProject(project: string, code: CloseCodeValue, reason: string): void {
    this.#fanout.publish(CHANNEL, encode({ kind: 'shut', project, code, reason }));
  }

  async #lock(name: string, isWanted: () => boolean): Promise<Lock> {
    for (const began = performance.now(); performance.now() - began < PATIENCE_MS; ) {
      const lock = await this.#fanout.lock(name, HOLD_MS);
      if (lock !== null) return lock;
      if (!isWanted()) break; // whoever has it may wait for this very server
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * (0.5 + Math.random())));
    }
    throw serverErrors.storeFailed({ message: 'Another server moves or removes this file' });
  }

  async #ask(message: Message & { readonly token: string }): Promise<void> {
    const { token } = message;
    let answers = 0;
    let others = Number.POSITIVE_INFINITY;
    let done: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      done = resolve;
    });
    this.#asked.set(token, () => {
      answers++;
      if (answers >= others) done();
    });
    const timer = setTimeout(() => done(), ANSWER_MS);
    try {
      others = await this.#fanout.announce(CHANNEL, encode(message));
      if (answers < others) await answered;
    } finally {
      clearTimeout(timer);
      this.#asked.delete(token);
    }
  }

  #hear(message: Message): void {
    switch (message.kind) {
      case 'hold':
        this.#hold(message);
        break;
      case 'held':
        this.#asked.get(message.token)?.();
        break;
      case 'renew':
        this.#held.get(message.token)?.renew();
        break;
      case 'release':
        this.#held.get(message.token)?.end();
        break;
      case 'shut':
        this.#here.shutProject(message.project, message.code, message.reason);
    }
  }

  #hold({ token, code, reason, ...name }: Extract<Message, { kind: 'hold' }>): void {
    let end: () => void = () => undefined;
    const until = new Promise<void>((resolve) => {
      end = resolve;
    });
    let timer = setTimeout(end, HOLD_MS);
    const renew = (): void => {
      clearTimeout(timer);
      timer = setTimeout(end, HOLD_MS);
    };
    this.#held.set(token, { end, renew });
    void until.then(() => {
      clearTimeout(timer);
      this.#held.delete(token);
    });
    const answer = (): void => this.#fanout.publish(CHANNEL, encode({ kind: 'held', token }));
    // Where the document cannot be written down here, its editors have been sent away all the same.
    this.#here.hold(name, code, reason, until).then(answer, answer);
  }
}

const isUnreachable = (error: unknown): boolean =>
  error instanceof AnnealError && error.code === serverErrors.redisUnreachable.code;

const encode = (message: Message): Uint8Array => Buffer.from(JSON.stringify(message));
