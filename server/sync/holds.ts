import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { CloseCode } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import type { DocumentName } from '../store/write.ts';
import type { CloseCodeValue } from './close-code.ts';
import type { Fanout, Subscription } from './fanout.ts';

const CHANNEL = 'holds';
/** A server that does not answer within this time is taken for dead. */
const ANSWER_MS = 5_000;
/** A hold that nobody ends is over after this time: its server has died. */
const HOLD_MS = 30_000;
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

/** While a document is moved or removed it is in no server's memory. */
export class Holds {
  readonly #fanout: Fanout;
  readonly #held: Held;
  /** Servers that have not answered yet, by token. */
  readonly #asked = new Map<string, () => void>();
  /** Ends what another server holds here. */
  readonly #ends = new Map<string, () => void>();
  #subscription: Subscription | null = null;

  constructor(fanout: Fanout, held: Held) {
    this.#fanout = fanout;
    this.#held = held;
  }

  async open(): Promise<void> {
    this.#subscription = await this.#fanout.subscribe(CHANNEL, (bytes) => {
      const message = messageSchema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
      if (message.success) this.#hear(message.data);
    });
  }

  close(): void {
    this.#subscription?.end();
    for (const end of this.#ends.values()) end();
  }

  /**
   * Resolves when no other server has the document in memory or lets anybody in; until `release`. Rejects with
   * redisUnreachable where they cannot be asked, with storeFailed where another holds it for too long.
   */
  async take({ project, path }: DocumentName, code: CloseCodeValue, reason: string): Promise<Taken> {
    const lock = await this.#lock(`${project}\n${path}`);
    const token = randomBytes(12).toString('hex');
    const release = async (): Promise<void> => {
      this.#fanout.publish(CHANNEL, encode({ kind: 'release', token }));
      await lock.release();
    };
    try {
      await this.#ask({ kind: 'hold', token, project, path, code, reason });
      return { release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** The project has been deleted: the database says so to whoever comes, this sends out who is there. */
  shutProject(project: string, code: CloseCodeValue, reason: string): void {
    this.#fanout.publish(CHANNEL, encode({ kind: 'shut', project, code, reason }));
  }

  async #lock(name: string): Promise<Taken> {
    for (const began = performance.now(); performance.now() - began < PATIENCE_MS; ) {
      const lock = await this.#fanout.lock(name, HOLD_MS);
      if (lock !== null) return lock;
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
      case 'release':
        this.#ends.get(message.token)?.();
        break;
      case 'shut':
        this.#held.shutProject(message.project, message.code, message.reason);
    }
  }

  #hold({ token, code, reason, ...name }: Extract<Message, { kind: 'hold' }>): void {
    let end: () => void = () => undefined;
    const until = new Promise<void>((resolve) => {
      end = resolve;
    });
    const timer = setTimeout(end, HOLD_MS);
    this.#ends.set(token, end);
    void until.then(() => {
      clearTimeout(timer);
      this.#ends.delete(token);
    });
    const answer = (): void => this.#fanout.publish(CHANNEL, encode({ kind: 'held', token }));
    // Where the document cannot be written down here, its editors have been sent away all the same.
    this.#held.hold(name, code, reason, until).then(answer, answer);
  }
}

const encode = (message: Message): Uint8Array => Buffer.from(JSON.stringify(message));
