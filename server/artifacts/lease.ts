import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../src/base/clock.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { ArtifactKey } from '../store/requests/artifact-uploads.ts';
import type { Store } from '../store/store.ts';

/** How long an upload is somebody's who sends nothing more: after a cut or a reload he is back sooner. */
const LEASE_MS = 3000;
const RENEW_MS = 1000;

/**
 * One client sends at a time: a second tab that has the same file waits, rather than sending what the first is
 * sending. Whoever sends nothing for some seconds has lost his turn, also to a client of another server process.
 */
export class Leases {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #server = randomUUID().slice(0, 8);

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** From now on. */
  until(): number {
    return this.#clock.now() + LEASE_MS;
  }

  /** `sending`: bytes come in now. Errors: uploadBusy, uploadNotFound. */
  async claim(key: ArtifactKey, client: string, sending = false): Promise<void> {
    const now = this.#clock.now();
    const turn = { client, server: this.#server, sending };
    const claim = await this.#store.call('claimUpload', { ...key, ...turn, now, until: now + LEASE_MS });
    if (claim === 'busy') throw protocolErrors.uploadBusy({ where: key.sha256 });
    if (claim === 'unknown') throw protocolErrors.uploadNotFound({ where: key.sha256 });
  }

  /**
   * Keeps the turn while bytes come, or while `busy` says so; ends the request of whom another has relieved. What it
   * gives back is called when all that came has been written down.
   */
  keep(key: ArtifactKey, client: string, request: IncomingMessage, busy: () => boolean): () => Promise<void> {
    let seen = request.socket.bytesRead;
    const timer = setInterval(() => {
      const { bytesRead } = request.socket;
      if (bytesRead === seen && !busy()) return;
      seen = bytesRead;
      this.claim(key, client, true).catch((error: { readonly code?: unknown }) => {
        if (error.code === protocolErrors.uploadBusy.code) request.destroy();
      });
    }, RENEW_MS);
    timer.unref();
    return async () => {
      clearInterval(timer);
      await this.#store.call('releaseUpload', { ...key, client, server: this.#server });
    };
  }
}
