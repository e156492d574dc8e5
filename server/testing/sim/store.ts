import type { Store } from '../../store/store.ts';
import type { WriteUnit, Written } from '../../store/write.ts';
import type { SimDisk } from './disk.ts';

interface Input {
  readonly after?: number;
  readonly state?: Uint8Array;
  readonly upto?: number;
  readonly generation?: number;
}

/** A server process' way to the disk: what it asks for is done in order, when the test says so. */
export class SimStore implements Store {
  readonly epoch: number;
  readonly #disk: SimDisk;
  #queue: (() => void)[] = [];
  #alive = true;

  constructor(disk: SimDisk) {
    this.#disk = disk;
    this.epoch = disk.epoch;
  }

  get lsn(): number {
    return this.#disk.seq;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Does so many of the things that wait. */
  work(count: number): void {
    for (const run of this.#queue.splice(0, count)) run();
  }

  kill(): void {
    this.#alive = false;
    this.#queue = [];
  }

  write(...unit: WriteUnit): Promise<Written> {
    return this.#later(() => this.#disk.write(unit));
  }

  readonly call = ((name: string, { after, state, upto, generation }: Input): unknown => {
    if (name === 'loadDocument') return this.#later(() => this.#disk.load(after));
    if (name === 'logAfter') return this.#later(() => this.#disk.logAfter(after ?? 0));
    if (name === 'compact' && state !== undefined)
      return this.#later(() => this.#disk.compact(state, upto ?? 0, generation ?? 0));
    throw new Error(`The simulation has no ${name}`);
  }) as unknown as Store['call'];

  async backup(): Promise<void> {
    throw new Error('The simulation keeps no copies');
  }

  async scrub(): Promise<void> {}

  async close(): Promise<void> {}

  #later<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      if (this.#alive) this.#queue.push(run);
    });
  }
}
