import * as crypto from 'node:crypto';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { threadEnvironment } from '../thread-environment.ts';

export interface Argon2Input {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly tagBytes: number;
}

/** Off the event loop: in Node's own threads, or before Node 24.7, which has no argon2, in one of ours. */
export function argon2id(input: Argon2Input): Promise<Uint8Array> {
  return typeof crypto.argon2 === 'function' ? argon2OfNode(input) : argon2OfWorker(input);
}

async function argon2OfNode(input: Argon2Input): Promise<Uint8Array> {
  const { password: message, salt: nonce, memory, passes, parallelism, tagBytes: tagLength } = input;
  return promisify(crypto.argon2)('argon2id', { message, nonce, memory, passes, parallelism, tagLength });
}

/** One thread a password: there are few, and an idle thread holds its 19 MiB. */
export function argon2OfWorker(input: Argon2Input): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const url = new URL('./argon2.worker.ts', import.meta.url);
    const worker = new Worker(url, { workerData: input, env: threadEnvironment() });
    worker.once('message', (tag: Uint8Array) => resolve(tag));
    worker.once('error', reject);
  });
}
