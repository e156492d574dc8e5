import { expect, onTestFinished, test } from 'vitest';
import { commands } from 'vitest/browser';
import type { UploadStand } from '../../server/testing/browser-upload.ts';
import { Random } from '../base/random.ts';
import { createClient } from './client.ts';
import type { UploadReport, UploadTask } from './testing/upload.worker.ts';

declare module 'vitest/browser' {
  interface BrowserCommands {
    startUploadStand(places: readonly number[]): Promise<UploadStand>;
    readUploadStand(id: number): Promise<{ readonly sent: number; readonly cuts: number }>;
    stopUploadStand(id: number): Promise<void>;
  }
}

const CHUNK = 512 * 1024;
const BYTES = 6 * 1024 * 1024;

function randomBlob(): Blob {
  const bytes = new Uint8Array(BYTES);
  for (let at = 0; at < BYTES; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return new Blob([bytes]);
}

async function stand(places: readonly number[]): Promise<UploadStand> {
  const started = await commands.startUploadStand(places);
  onTestFinished(() => commands.stopUploadStand(started.id));
  return started;
}

function uploadInWorker(
  task: UploadTask,
  onProgress: (bytes: number) => void = () => undefined,
): { readonly worker: Worker; readonly done: Promise<string> } {
  const worker = new Worker(new URL('./testing/upload.worker.ts', import.meta.url), { type: 'module' });
  onTestFinished(() => worker.terminate());
  const done = new Promise<string>((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<UploadReport>) => {
      if (data.kind === 'progress') onProgress(data.bytes);
      else if (data.kind === 'done') resolve(data.sha256);
      else reject(new Error(data.message));
    });
  });
  worker.postMessage(task);
  return { worker, done };
}

test('a page and a worker send the same file at once over a connection that breaks: it is whole, and sent once', async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const places = Array.from({ length: 8 }, () => random.below(BYTES)).sort((a, b) => a - b);
  const { url, id } = await stand(places);
  const source = randomBlob();
  const { done } = uploadInWorker({ baseUrl: url, source, chunkBytes: CHUNK });
  const { artifacts } = createClient({ baseUrl: url });
  const [inPage, inWorker] = await Promise.all([artifacts.upload(source, { chunkBytes: CHUNK }), done]);
  expect(inPage.sha256).toBe(inWorker);
  const { sent, cuts } = await commands.readUploadStand(id);
  expect(cuts).toBe(8);
  expect(sent - BYTES).toBeLessThanOrEqual(8 * CHUNK);
  const back = await artifacts.download(inWorker); // verified on the way
  expect(back.size).toBe(BYTES);
});

test('a worker that is killed as a reload does it, and the next one goes on where it stopped', async () => {
  const { url, id } = await stand([]);
  const source = randomBlob();
  const task = { baseUrl: url, source, chunkBytes: CHUNK };
  await new Promise<void>((resolve) => {
    const { worker } = uploadInWorker(task, (bytes) => {
      if (bytes < BYTES / 2) return;
      worker.terminate();
      resolve();
    });
  });
  const seen: number[] = [];
  const sha256 = await uploadInWorker(task, (bytes) => seen.push(bytes)).done;
  expect(seen[0]).toBeGreaterThan(0); // not from the beginning
  const { sent } = await commands.readUploadStand(id);
  expect(sent - BYTES).toBeLessThanOrEqual(CHUNK);
  expect(await createClient({ baseUrl: url }).artifacts.size(sha256)).toBe(BYTES);
});
