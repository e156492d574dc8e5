import { parentPort, workerData } from 'node:worker_threads';
import { serveAsHelper } from '../helper.ts';
import { type HelperStart, READY } from '../host.ts';

/** A helper thread in Node. */
await serveAsHelper(workerData as HelperStart, () => parentPort?.postMessage(READY));
