import type { Request, Response } from '../calls.ts';

// Holds a worker for each engine and passes messages on; engines compute in workers, as the studio's do.

const workers = new Map<
  number,
  { readonly worker: Worker; readonly waiting: Map<number, (response: Response) => void> }
>();

/** What the contest calls from outside. */
const bench = {
  start(key: number): void {
    const worker = new Worker(new URL('./engine.worker.ts', import.meta.url), { type: 'module' });
    const waiting = new Map<number, (response: Response) => void>();
    const fail = (message: string) => {
      for (const [id, resolve] of waiting) resolve({ id, error: message });
      waiting.clear();
    };
    worker.onmessage = ({ data }: MessageEvent<Response>) => {
      waiting.get(data.id)?.(data);
      waiting.delete(data.id);
    };
    worker.onerror = (event) => fail(`the worker failed: ${event.message}`);
    workers.set(key, { worker, waiting });
  },
  ask: (key: number, request: Request): Promise<Response> =>
    new Promise((resolve) => {
      const found = workers.get(key);
      found?.waiting.set(request.id, resolve);
      found?.worker.postMessage(request);
    }),
  end(key: number): void {
    workers.get(key)?.worker.terminate();
    workers.delete(key);
  },
};
export type BenchPage = typeof bench;
Object.assign(globalThis, { bench });
