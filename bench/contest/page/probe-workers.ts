import type { Span } from '../../engines/together.ts';

/** A probe on all cores at once, in workers. */
export async function probeWorkers(
  module: BufferSource,
  job: 'fma' | 'read',
): Promise<readonly (readonly Span[])[]> {
  return Promise.all(
    Array.from(
      { length: navigator.hardwareConcurrency },
      () =>
        new Promise<readonly Span[]>((resolve, reject) => {
          const worker = new Worker(new URL('./probe.worker.ts', import.meta.url), { type: 'module' });
          worker.onmessage = ({ data }: MessageEvent<readonly Span[]>) => {
            worker.terminate();
            resolve(data);
          };
          worker.onerror = (event) => reject(new Error(event.message));
          worker.postMessage({ module, job });
        }),
    ),
  );
}
