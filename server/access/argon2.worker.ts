import { parentPort, workerData } from 'node:worker_threads';
import { argon2id } from 'hash-wasm';
import type { Argon2Input } from './argon2.ts';

const { password, salt, memory, passes, parallelism, tagBytes } = workerData as Argon2Input;
parentPort?.postMessage(
  await argon2id({
    password,
    salt,
    memorySize: memory,
    iterations: passes,
    parallelism,
    hashLength: tagBytes,
    outputType: 'binary',
  }),
);
