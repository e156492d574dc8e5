import { isOpen, newRoom, type RoomEvent, type RoomState, roomStep } from './room-state.ts';

export interface LifeParts {
  /** How long an empty room stays in memory. */
  readonly idleMs: number;
  /** It has been idle for so long: true where it may go, and nothing is left to be done before. */
  readonly onIdle: () => boolean;
  readonly onClosed: () => void;
}

/** How long a room is in memory: who holds it there, and when it goes. */
export class RoomLife {
  readonly closed: Promise<void>;
  readonly #parts: LifeParts;
  #state: RoomState = newRoom;
  #resolveClosed: () => void = () => undefined;
  #idleTimer: NodeJS.Timeout | null = null;

  constructor(parts: LifeParts) {
    this.#parts = parts;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  get phase(): RoomState['phase'] {
    return this.#state.phase;
  }

  /** Whether it takes people and updates in. */
  get isOpen(): boolean {
    return isOpen(this.#state);
  }

  /** Sockets and requests that hold it. */
  get users(): number {
    return this.#state.users;
  }

  retain(): void {
    this.step({ kind: 'joined' });
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
  }

  release(): void {
    this.step({ kind: 'left' });
    this.#unloadWhenIdle();
  }

  settled(): void {
    this.step({ kind: 'settled' });
    this.#unloadWhenIdle();
  }

  step(event: RoomEvent): void {
    const before = this.#state.phase;
    this.#state = roomStep(this.#state, event);
    if (before === 'closed' || this.#state.phase !== 'closed') return;
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#parts.onClosed();
    this.#resolveClosed();
  }

  #unloadWhenIdle(): void {
    if (this.phase !== 'idle' || this.#idleTimer !== null) return;
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = null;
      if (this.phase === 'idle' && this.#parts.onIdle()) this.step({ kind: 'expired' });
    }, this.#parts.idleMs);
    this.#idleTimer.unref();
  }
}
