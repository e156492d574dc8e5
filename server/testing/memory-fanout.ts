import { serverErrors } from '../errors.ts';
import type { Fanout } from '../sync/fanout.ts';

/** Servers in one process that hear one another at once; `reach` says who hears whom at the moment. */
export class MemoryHub {
  readonly #servers = new Map<number, Map<string, Set<(message: Uint8Array) => void>>>();
  readonly #locks = new Map<string, number>();
  reach: (from: number, to: number) => boolean = () => true;
  /** Servers that are there, and do not get to what they are told. */
  readonly busy = new Set<number>();
  /** How a message gets there. */
  carry: (deliver: () => void) => void = queueMicrotask;
  /** Nobody can be asked. */
  away = false;

  #requireThere(): void {
    if (this.away) throw serverErrors.redisUnreachable();
  }

  /** The server has died: it is told nothing, nobody hears it, and what it had locked is free. */
  gone(id: number): void {
    this.#servers.delete(id);
    for (const [name, holder] of this.#locks) if (holder === id) this.#locks.delete(name);
  }

  server(id: number): Fanout {
    const heard = new Map<string, Set<(message: Uint8Array) => void>>();
    this.#servers.set(id, heard);
    const say = (channel: string, message: Uint8Array): number => {
      let others = 0;
      if (this.#servers.get(id) !== heard) return others; // it has died
      for (const [other, hears] of this.#servers) {
        const listeners = hears.get(channel);
        if (other === id || listeners === undefined || !this.reach(id, other)) continue;
        others++;
        if (this.busy.has(other)) continue;
        for (const listener of listeners) {
          this.carry(() => {
            if (this.#servers.get(other) === hears && listeners.has(listener)) listener(message);
          });
        }
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
        if (this.#servers.get(id) !== heard) return null; // it has died, and locks nothing any more
        this.#requireThere();
        if (this.#locks.has(name)) return null;
        this.#locks.set(name, id);
        const release = async (): Promise<void> => {
          if (this.#locks.get(name) === id) this.#locks.delete(name);
        };
        return { renew: async () => undefined, release };
      },
      onDoubt: () => undefined,
      close: async () => undefined,
    };
  }
}
