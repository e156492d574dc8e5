import type { AnnealError } from '../../base/error.ts';
import type { Device } from '../device.ts';

/**
 * Ends whatever is awaited when the device goes away: a lost GPU may leave a promise pending for ever.
 * One subscription to `lost` for all steps, as Promise.race with a promise that lives long keeps every
 * loser in memory.
 */
export class DeviceWatch {
  #lost: AnnealError | null = null;
  readonly #waiting = new Set<(error: AnnealError) => void>();

  constructor(device: Device) {
    void device.lost.then((error) => {
      this.#lost = error;
      for (const reject of this.#waiting) reject(error);
    });
  }

  /** The same promise, or a rejection with ANN-DEV-001 once the device is lost. */
  guard<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost) reject(this.#lost);
      this.#waiting.add(reject);
      work.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }
}
