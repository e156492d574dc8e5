import type { AnnealError } from '../../../base/error.ts';
import type { Device, DeviceInfo, Session } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { StateSpec } from '../../graph/ir.ts';
import type { TfjsBackend } from './backend.ts';
import { Scalars } from './scope.ts';
import { type SessionOwner, TfjsSession } from './session.ts';

/** A tfjs backend as a Device. Its sessions take turns: one runs at a time. */
export class TfjsDevice implements Device, SessionOwner {
  readonly info: DeviceInfo;
  readonly lost: Promise<AnnealError>;
  readonly backend: TfjsBackend;
  readonly scalars: Scalars;
  readonly #sessions = new Set<TfjsSession>();
  readonly #onLost = new Set<(reason: AnnealError) => void>();
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #gone: AnnealError | null = null;

  constructor(backend: TfjsBackend) {
    this.backend = backend;
    this.info = backend.info;
    this.scalars = new Scalars(backend);
    this.lost = backend.lost;
    void backend.lost.then((reason) => {
      this.#gone ??= reason;
      for (const reject of this.#onLost) reject(reason);
    });
  }

  async open(state: readonly StateSpec[]): Promise<Session> {
    const session = new TfjsSession(this, state);
    this.#sessions.add(session);
    try {
      await session.start();
    } catch (error) {
      session.dispose();
      throw error;
    }
    return session;
  }

  /** Runs `work` when all before it is done. Rejects at once when the device is lost meanwhile. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const mine = this.#turn.then(async () => {
      if (this.#gone !== null) {
        this.#waiting--;
        throw this.#gone;
      }
      const { promise: lost, reject } = Promise.withResolvers<never>();
      this.#onLost.add(reject);
      try {
        return await Promise.race([work(), lost]);
      } finally {
        this.#onLost.delete(reject);
        this.#waiting--;
      }
    });
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /** Runs `work` now when the device is idle, else after what is under way: frees nothing that is in use. */
  whenIdle(work: () => void): void {
    if (this.#waiting === 0) work();
    else this.#turn = this.#turn.then(work);
  }

  closed(session: TfjsSession): void {
    this.#sessions.delete(session);
    if (this.#sessions.size > 0 || this.#gone !== null) return;
    this.scalars.clear();
    this.backend.trim();
  }

  dispose(): void {
    if (this.#gone !== null && this.#sessions.size === 0) return;
    for (const session of [...this.#sessions]) session.dispose();
    this.#gone ??= deviceErrors.lost({ message: 'The device was closed' });
    this.whenIdle(() => this.backend.dispose());
  }
}
