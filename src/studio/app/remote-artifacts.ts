import { AnnealError } from '../../base/error.ts';
import type { ByteStream, RemoteArtifacts } from '../../domain/artifacts/ports.ts';
import { protocolErrors } from '../../protocol/errors.ts';
import type { ArtifactClient } from '../../sdk/artifacts.ts';

/** The server's artifacts as the port that services take. */
export function remoteArtifacts(client: ArtifactClient): RemoteArtifacts {
  return {
    has: async (sha256) => (await client.size(sha256)) !== null,
    async download(sha256, signal) {
      try {
        const bytes = await client.size(sha256, withSignal(signal));
        if (bytes === null) return null;
        return { bytes, stream: chunks(await client.open(sha256, withSignal(signal))) };
      } catch (thrown) {
        if (thrown instanceof AnnealError && thrown.code === protocolErrors.artifactNotFound.code)
          return null;
        throw thrown;
      }
    },
    async upload({ sha256 }, stream, signal) {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for await (const part of stream) parts.push(part);
      await client.upload(new Blob(parts), { sha256, ...withSignal(signal) });
    },
  };
}

function withSignal(signal: unknown): { readonly signal?: AbortSignal } {
  return signal instanceof AbortSignal ? { signal } : {};
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
