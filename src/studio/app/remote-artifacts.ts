import { AnnealError } from '../../base/error.ts';
import type { ByteStream, RemoteArtifacts, RemoteOptions } from '../../domain/artifacts/ports.ts';
import { protocolErrors } from '../../protocol/errors.ts';
import type { ArtifactClient } from '../../sdk/artifacts.ts';

/** Not for long: the background sync says that the server is away, and tries again. */
const RETRY_MS = [0, 500, 1500];

/** The server's artifacts as the port that services take. */
export function remoteArtifacts(client: ArtifactClient): RemoteArtifacts {
  return {
    has: async (sha256, options) => (await client.size(sha256, plain(options))) !== null,
    async download(sha256, options) {
      try {
        const bytes = await client.size(sha256, plain(options));
        if (bytes === null) return null;
        return { bytes, stream: chunks(await client.open(sha256, plain(options))) };
      } catch (thrown) {
        if (thrown instanceof AnnealError && thrown.code === protocolErrors.artifactNotFound.code)
          return null;
        throw thrown;
      }
    },
    async upload({ sha256 }, source, { onProgress, ...options } = {}) {
      const blob = source instanceof Blob ? source : new Blob([await source.arrayBuffer()]);
      await client.upload(blob, {
        sha256,
        retryMs: RETRY_MS,
        ...plain(options),
        onProgress: ({ bytes }) => onProgress?.(bytes),
      });
    },
    hold: (project, holder, hashes) => client.hold(project, holder, hashes),
  };
}

/** A signal of the port that is one of the browser's is passed on. */
function plain({ project, signal }: RemoteOptions = {}): {
  readonly project?: string | undefined;
  readonly signal?: AbortSignal;
} {
  return { project, ...(signal instanceof AbortSignal ? { signal } : {}) };
}

/** Reading by hand: not every browser iterates streams. */
async function* chunks(stream: ReadableStream<Uint8Array<ArrayBuffer>>): ByteStream {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}
