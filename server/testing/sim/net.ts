import type { Fanout } from '../../sync/fanout.ts';
import { MemoryHub } from '../memory-fanout.ts';

/** The way between servers: what one says is on its way until the test delivers it, or loses it. */
export class SimNet {
  readonly #hub = new MemoryHub();
  #onWay: (() => void)[] = [];
  #isParted = false;

  constructor() {
    this.#hub.carry = (deliver) => void this.#onWay.push(deliver);
    this.#hub.reach = () => !this.#isParted;
  }

  get waiting(): number {
    return this.#onWay.length;
  }

  server(id: number): Fanout {
    return this.#hub.server(id);
  }

  /** The server has died: nobody hears it any more, and what it held is free in time. */
  gone(id: number): void {
    this.#hub.gone(id);
  }

  deliver(count: number): void {
    for (const deliver of this.#onWay.splice(0, count)) deliver();
  }

  lose(at: number): void {
    this.#onWay.splice(at % Math.max(1, this.#onWay.length), 1);
  }

  /** Nobody hears anybody, and `loudly` says so, or not. */
  part(loudly: boolean): void {
    this.#isParted = !this.#isParted;
    this.#hub.away = this.#isParted && loudly;
  }

  mend(): void {
    this.#isParted = false;
    this.#hub.away = false;
  }
}
