import { type AnnealError, toAnnealError } from '../../../base/error.ts';
import { deviceErrors } from '../../errors.ts';
import type { AdapterFacts } from './adapter-facts.ts';
import { Pipelines } from './pipelines.ts';
import type { TilingStore } from './tilings.ts';

/** The GPU device that sessions share: what it can do, what it has compiled, and whether it is still there. */
export class Gpu {
  readonly device: GPUDevice;
  readonly facts: AdapterFacts;
  readonly pipelines: Pipelines;
  /** Variants of kernels that were measured to be the fastest here; see `KernelContext.tuned`. */
  readonly tuned: Map<string, string>;
  /** Where these are kept; null: nothing is measured, and the best guesses are used. */
  readonly tilings: TilingStore | null;
  /** What the adapter calls itself, under which they are kept. */
  readonly claimed: string;
  readonly lost: Promise<AnnealError>;
  #gone: AnnealError | null = null;
  readonly #onGone = new Set<(error: AnnealError) => void>();

  constructor(
    device: GPUDevice,
    facts: AdapterFacts,
    tilings: TilingStore | null = null,
    tuned: Readonly<Record<string, string>> = {},
    claimed = facts.description,
  ) {
    this.device = device;
    this.tilings = tilings;
    this.claimed = claimed;
    this.tuned = new Map(Object.entries(tuned));
    this.facts = facts;
    this.pipelines = new Pipelines(device);
    this.lost = device.lost.then(({ reason, message }) =>
      this.#leave(
        deviceErrors.lost({
          message: `The GPU was lost (${reason}): ${message || 'no reason given'}`,
          data: { reason },
        }),
      ),
    );
  }

  /** Why nothing can be run any more; null while it can. */
  get gone(): AnnealError | null {
    return this.#gone;
  }

  /**
   * Resolves as `work` does; rejects at once when the device goes meanwhile, which would otherwise leave
   * some promises waiting for ever. What the GPU refuses is caught by scopes (`scoped`) and not here: an
   * error that no scope caught may be of somebody else who uses the device, and is left to them.
   */
  guard<T>(work: Promise<T>): Promise<T> {
    if (this.#gone !== null) {
      work.catch(() => {});
      return Promise.reject(this.#gone);
    }
    return new Promise((resolve, reject) => {
      this.#onGone.add(reject);
      const end = () => this.#onGone.delete(reject);
      work.then(
        (value) => {
          end();
          resolve(value);
        },
        async (error) => {
          // A mapping fails before the loss is told; what is queued behind it comes after.
          if (this.#gone === null) await this.device.queue.onSubmittedWorkDone().catch(() => {});
          end();
          reject(this.#gone ?? toAnnealError(error, deviceErrors.failed));
        },
      );
    });
  }

  /** Lets nobody use or wait for it any longer. */
  close(destroy: boolean): void {
    this.#leave(deviceErrors.lost({ message: 'The device was closed' }));
    if (destroy) this.device.destroy();
  }

  #leave(error: AnnealError): AnnealError {
    if (this.#gone !== null) return this.#gone;
    this.#gone = error;
    for (const reject of [...this.#onGone]) reject(error);
    this.#onGone.clear();
    return error;
  }
}
