import type { AnnealError } from '../../../base/error.ts';
import type { Device, DeviceInfo, Session } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { StateSpec } from '../../graph/ir.ts';
import { notGivenBack, Turns } from '../turns.ts';
import type { TfjsBackend } from './backend.ts';
import { Scalars } from './scope.ts';
import { type SessionOwner, TfjsSession } from './session.ts';

/** A tfjs backend as a Device. Its sessions take turns: one runs at a time. */
export class TfjsDevice implements Device, SessionOwner {
  readonly info: DeviceInfo;
  readonly lost: Promise<AnnealError>;
  readonly backend: TfjsBackend;
  readonly scalars: Scalars;
  readonly #turns = new Turns();
  readonly #sessions = new Set<TfjsSession>();
  readonly #onLost = new Set<(reason: AnnealError) => void>();
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
    return this.#turns.take(async () => {
      if (this.#gone !== null) throw this.#gone;
      const { promise: lost, reject } = Promise.withResolvers<never>();
      this.#onLost.add(reject);
      try {
        return await Promise.race([work(), lost]);
      } finally {
        this.#onLost.delete(reject);
      }
    });
  }

  /** Runs `work` now when the device is idle, else after what is under way: frees nothing that is in use. */
  whenIdle(work: () => void): void {
    this.#turns.whenIdle(work, (cause) => {
      this.#gone ??= notGivenBack(cause);
    });
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
