import type { AnnealError } from '../../base/error.ts';
import type { Device } from '../device.ts';

/**
 * Ends whatever is awaited when the device goes away: a lost GPU may leave a promise pending for ever.
 * One subscription to `lost` for all steps, as Promise.race with a promise that lives long keeps every
 * loser in memory.
 */
export class DeviceWatch {
  #lost: AnnealError | null = null;
  #reject: ((error: AnnealError) => void) | null = null;

  constructor(device: Device) {
    void device.lost.then((error) => {
      this.#lost = error;
      this.#reject?.(error);
    });
  }

  /** The same promise, or a rejection with ANN-DEV-001 once the device is lost. One at a time. */
  guard<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (this.#lost) reject(this.#lost);
      work.then(resolve, reject);
    });
  }
}
