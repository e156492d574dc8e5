import { serverErrors } from '../errors.ts';
import type { Fanout } from '../sync/fanout.ts';

/** Servers in one process that hear one another at once; `reach` says who hears whom at the moment. */
export class MemoryHub {
  readonly #servers = new Set<{
    readonly id: number;
    readonly heard: Map<string, Set<(message: Uint8Array) => void>>;
  }>();
  readonly #locks = new Map<string, number>();
  reach: (from: number, to: number) => boolean = () => true;
  /** Servers that are there, and do not get to what they are told. */
  readonly busy = new Set<number>();
  /** Nobody can be asked. */
  away = false;

  #requireThere(): void {
    if (this.away) throw serverErrors.redisUnreachable();
  }

  server(id: number): Fanout {
    const heard = new Map<string, Set<(message: Uint8Array) => void>>();
    this.#servers.add({ id, heard });
    const say = (channel: string, message: Uint8Array): number => {
      let others = 0;
      for (const server of this.#servers) {
        const listeners = server.heard.get(channel);
        if (server.id === id || listeners === undefined || !this.reach(id, server.id)) continue;
        others++;
        if (this.busy.has(server.id)) continue;
        for (const listener of listeners) queueMicrotask(() => listener(message));
      }
      return others;
    };
    return {
      publish: (channel, message) => void say(channel, message),
      announce: async (channel, message) => {
        this.#requireThere();
        return say(channel, message);
      },
      subscribe: async (channel, listener) => {
        const listeners = heard.get(channel) ?? new Set();
        heard.set(channel, listeners.add(listener));
        return { end: () => void listeners.delete(listener) };
      },
      lock: async (name) => {
        this.#requireThere();
        if (this.#locks.has(name)) return null;
        this.#locks.set(name, id);
        return { renew: async () => undefined, release: async () => void this.#locks.delete(name) };
      },
      onDoubt: () => undefined,
      close: async () => undefined,
    };
  }
}
