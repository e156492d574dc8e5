import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { probeThread } from '../engines/probe-thread.ts';
import type { Span } from '../engines/together.ts';

/** A probe on all cores at once, in threads of Node. */
export async function probeThreads(
  module: BufferSource,
  job: 'fma' | 'read',
): Promise<readonly (readonly Span[])[]> {
  const file = fileURLToPath(import.meta.url);
  const threads = Array.from(
    { length: availableParallelism() },
    () =>
      new Promise<readonly Span[]>((resolve, reject) => {
        const worker = new Worker(file, { workerData: { module, job } });
        worker.on('message', resolve);
        worker.on('error', reject);
      }),
  );
  return Promise.all(threads);
}

if (!isMainThread && parentPort !== null && workerData?.job !== undefined) {
  parentPort.postMessage(await probeThread(workerData.module, workerData.job));
}
