/**
 * How the servers of one database tell one another what happens. It is fast and may lose messages: what must
 * not be lost is in the database, where each looks again every few seconds.
 */
export interface Fanout {
  /** Tells the other servers that listen, without waiting. */
  publish(channel: string, message: Uint8Array): void;

  /** The same, and says how many others were told. Rejects with redisUnreachable. */
  announce(channel: string, message: Uint8Array): Promise<number>;

  /**
   * Hears what other servers say; never what this one says. Resolves when it listens, or, where the others cannot
   * be reached, without waiting for them.
   */
  subscribe(channel: string, listener: (message: Uint8Array) => void): Promise<Subscription>;

  /**
   * Holds a name among all servers until it is let go, or until the time is over. Null where another has it.
   * Rejects with redisUnreachable.
   */
  lock(name: string, forMs: number): Promise<Lock | null>;

  /** Called when this server may have missed what others said: time to look, and to ask again. */
  onDoubt(listener: () => void): void;

  close(): Promise<void>;
}

export interface Subscription {
  end(): void;
}

export interface Lock {
  /** From now on so long. Never rejects: where it cannot be done, the time runs out. */
  renew(forMs: number): Promise<void>;
  release(): Promise<void>;
}
