import type { FastifyReply } from 'fastify';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { Handlers } from './api.ts';
import { parseRange } from './range.ts';

export function artifactHandlers(
  artifacts: ArtifactStore,
): Pick<Handlers, 'putArtifact' | 'getArtifact' | 'headArtifact'> {
  const found = async (sha256: string): Promise<number> => {
    const bytes = await artifacts.size(sha256);
    if (bytes === null) throw protocolErrors.artifactNotFound({ where: sha256 });
    return bytes;
  };
  return {
    putArtifact: async ({ params: { sha256 }, request, reply }) => {
      const announced = Number(request.headers['content-length'] ?? 0);
      if (announced > artifacts.maxBytes) {
        throw protocolErrors.tooLarge({ where: sha256, data: { limit: artifacts.maxBytes } });
      }
      // The request itself: the content type parser of these routes leaves it unread.
      const { created, ...artifact } = await artifacts.put(sha256, request.raw);
      reply.status(created ? 201 : 200);
      return artifact;
    },

    getArtifact: async ({ params: { sha256 }, request, reply }) => {
      const bytes = await found(sha256);
      const etag = labelled(reply, sha256);
      if (request.headers['if-none-match']?.includes(etag)) return reply.status(304).send();
      const { range, 'if-range': ifRange } = request.headers;
      const part =
        range === undefined || (ifRange !== undefined && ifRange !== etag) ? null : parseRange(range, bytes);
      if (part === 'outside') {
        reply.header('content-range', `bytes */${bytes}`);
        throw protocolErrors.badRange({ where: range ?? '', data: { bytes } });
      }
      if (part === null) return reply.header('content-length', bytes).send(artifacts.read(sha256));
      return reply
        .status(206)
        .header('content-range', `bytes ${part.start}-${part.end}/${bytes}`)
        .header('content-length', part.end - part.start + 1)
        .send(artifacts.read(sha256, part));
    },

    headArtifact: async ({ params: { sha256 }, reply }) => {
      const bytes = await found(sha256);
      labelled(reply, sha256);
      return reply.header('content-length', bytes).send();
    },
  };
}

/** The hash names the bytes for ever. Answers with the entity tag. */
function labelled(reply: FastifyReply, sha256: string): string {
  const etag = `"${sha256}"`;
  reply
    .header('etag', etag)
    .header('accept-ranges', 'bytes')
    .header('content-type', 'application/octet-stream')
    .header('content-disposition', 'attachment')
    .header('cache-control', 'private, max-age=31536000, immutable');
  return etag;
}
