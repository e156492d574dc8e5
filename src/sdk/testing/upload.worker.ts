import { createClient } from '../client.ts';

/** Uploads what it is told to, from a worker. */
export interface UploadTask {
  readonly baseUrl: string;
  readonly source: Blob;
  readonly chunkBytes: number;
}

export type UploadReport =
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'done'; readonly sha256: string }
  | { readonly kind: 'failed'; readonly message: string };

addEventListener('message', ({ data }: MessageEvent<UploadTask>) => {
  const say = (report: UploadReport): void => postMessage(report);
  const { baseUrl, source, chunkBytes } = data;
  createClient({ baseUrl })
    .artifacts.upload(source, { chunkBytes, onProgress: ({ bytes }) => say({ kind: 'progress', bytes }) })
    .then(
      ({ sha256 }) => say({ kind: 'done', sha256 }),
      (error: unknown) => say({ kind: 'failed', message: String(error) }),
    );
});
