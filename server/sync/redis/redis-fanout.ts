import { randomBytes } from 'node:crypto';
import { createClient } from 'redis';
import { serverErrors } from '../../errors.ts';
import type { Fanout, Lock, Subscription } from '../fanout.ts';

const ID_BYTES = 8;
/** A room waits so long for its subscription; then the database alone must do. */
const SUBSCRIBE_MS = 1_000;
/** While nothing is heard, the others are doubted this often. */
const DOUBT_MS = 5_000;

/** Lets go of a lock only where it is still ours. */
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

const RENEW = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0`;

const reconnectStrategy = (retries: number): number =>
  Math.min(2_000, 50 * 2 ** retries) * (0.5 + Math.random());

/** One connection speaks and one listens: Redis wants it so. */
function connections(url: string) {
  const socket = { reconnectStrategy, connectTimeout: 5_000 };
  return {
    // What cannot be said now is old when the connection is back.
    speaker: createClient({ url, socket, disableOfflineQueue: true, pingInterval: 10_000 }),
    listener: createClient({ url, socket, pingInterval: 10_000 }),
  };
}

export class RedisFanout implements Fanout {
  readonly #connections: ReturnType<typeof connections>;
  readonly #id = randomBytes(ID_BYTES);
  readonly #prefix: string;
  /** Channels that this server listens to, and so hears itself on. */
  readonly #heard = new Map<string, number>();
  readonly #doubters = new Set<() => void>();
  #doubted = Number.NEGATIVE_INFINITY;

  private constructor(made: ReturnType<typeof connections>, namespace: string) {
    this.#connections = made;
    this.#prefix = `anneal:${namespace}:`;
    made.listener.on('ready', () => this.#doubt());
    made.listener.on('reconnecting', () => {
      if (performance.now() - this.#doubted > DOUBT_MS) this.#doubt();
    });
  }

  /** `namespace` is the same for the servers of one database, and for no others. Errors: redisUnreachable. */
  static async open(url: string, namespace: string): Promise<RedisFanout> {
    let made: ReturnType<typeof connections>;
    try {
      made = connections(url);
    } catch (cause) {
      throw unreachable(cause);
    }
    const { speaker, listener } = made;
    try {
      for (const connection of [speaker, listener]) {
        // Before the first connection every failure is final; later ones are mended by connecting again.
        let failed: (error: Error) => void = () => undefined;
        const failure = new Promise<never>((_, reject) => {
          failed = reject;
        });
        connection.on('error', (error: Error) => failed(error));
        await Promise.race([connection.connect(), failure]);
      }
    } catch (cause) {
      speaker.destroy();
      listener.destroy();
      throw unreachable(cause);
    }
    return new RedisFanout(made, namespace);
  }

  publish(channel: string, message: Uint8Array): void {
    this.#say(channel, message).catch(() => undefined); // the others find it in the database
  }

  async announce(channel: string, message: Uint8Array): Promise<number> {
    try {
      const heard = await this.#say(channel, message);
      return this.#heard.has(channel) ? heard - 1 : heard;
    } catch (cause) {
      throw unreachable(cause);
    }
  }

  async subscribe(channel: string, listener: (message: Uint8Array) => void): Promise<Subscription> {
    const name = this.#prefix + channel;
    const hear = (message: Buffer): void => {
      if (message.subarray(0, ID_BYTES).equals(this.#id)) return;
      try {
        listener(message.subarray(ID_BYTES));
      } catch {
        // Of a server of another version, or of somebody else: what counts is in the database.
      }
    };
    const { listener: connection } = this.#connections;
    this.#heard.set(channel, (this.#heard.get(channel) ?? 0) + 1);
    const listening = connection.subscribe(name, hear, true).catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SUBSCRIBE_MS);
    });
    await Promise.race([listening, patience]);
    clearTimeout(timer);
    const end = (): void => {
      const left = (this.#heard.get(channel) ?? 1) - 1;
      if (left > 0) this.#heard.set(channel, left);
      else this.#heard.delete(channel);
      connection.unsubscribe(name, hear, true).catch(() => undefined);
    };
    return { end };
  }

  async lock(name: string, forMs: number): Promise<Lock | null> {
    const key = `${this.#prefix}lock:${name}`;
    const token = randomBytes(16).toString('hex');
    const { speaker } = this.#connections;
    try {
      const taken = await speaker.set(key, token, {
        condition: 'NX',
        expiration: { type: 'PX', value: forMs },
      });
      if (taken === null) return null;
    } catch (cause) {
      throw unreachable(cause);
    }
    const ask = async (script: string, ...more: string[]): Promise<void> => {
      await speaker.eval(script, { keys: [key], arguments: [token, ...more] }).catch(() => undefined); // it runs out
    };
    return { renew: (ms) => ask(RENEW, String(ms)), release: () => ask(RELEASE) };
  }

  onDoubt(listener: () => void): void {
    this.#doubters.add(listener);
  }

  async close(): Promise<void> {
    const { speaker, listener } = this.#connections;
    this.#doubters.clear();
    listener.destroy();
    if (speaker.isReady) await speaker.close();
    else speaker.destroy();
  }

  #doubt(): void {
    this.#doubted = performance.now();
    for (const doubter of this.#doubters) doubter();
  }

  #say(channel: string, message: Uint8Array): Promise<number> {
    return this.#connections.speaker.publish(this.#prefix + channel, Buffer.concat([this.#id, message]));
  }
}

function unreachable(cause: unknown) {
  const why = cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : '';
  return serverErrors.redisUnreachable({ message: `${serverErrors.redisUnreachable.title}${why}`, cause });
}
