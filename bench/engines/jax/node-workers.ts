import { resolveObjectURL } from 'node:buffer';
import { Worker as Thread } from 'node:worker_threads';

/**
 * jax-js starts its threads as a browser's Workers from a Blob, which Node lacks; without them it computes on
 * one core. This is as much of Worker as it uses, over Node's threads.
 */
class BlobWorker {
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onerror: ((event: { readonly message: string }) => void) | null = null;
  readonly #thread: Promise<Thread>;

  constructor(url: string) {
    this.#thread = this.#start(resolveObjectURL(url) as Blob | undefined);
    this.#thread.catch((error: Error) => this.onerror?.({ message: error.message }));
  }

  async #start(blob: Blob | undefined): Promise<Thread> {
    if (blob === undefined) throw new Error('The Blob of a worker is gone.');
    const thread = new Thread(`${WORKER_GLOBALS}\n${await blob.text()}`, { eval: true });
    thread.on('message', (data) => this.onmessage?.({ data }));
    thread.on('error', (error) => this.onerror?.({ message: String(error) }));
    thread.unref();
    return thread;
  }

  postMessage(message: unknown): void {
    void this.#thread.then((thread) => thread.postMessage(message));
  }

  terminate(): void {
    void this.#thread.then((thread) => thread.terminate());
  }
}

const WORKER_GLOBALS = `
const { parentPort } = require('node:worker_threads');
globalThis.self = globalThis;
globalThis.postMessage = (message) => parentPort.postMessage(message);
parentPort.on('message', (data) => globalThis.onmessage({ data }));
`;

/** Gives this process a Worker, unless it has one. */
export function provideWorkers(): void {
  if (!('Worker' in globalThis)) Object.assign(globalThis, { Worker: BlobWorker });
}
