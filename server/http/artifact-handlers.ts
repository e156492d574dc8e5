import type { FastifyReply, FastifyRequest } from 'fastify';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { Collector } from '../artifacts/collect.ts';
import type { Lending, Reader } from '../projects/lending.ts';
import type { Handlers } from './api.ts';
import { parseRange } from './range.ts';

const HOUR_MS = 3600 * 1000;

export function artifactHandlers(
  artifacts: ArtifactStore,
  collector: Collector,
  lending: Lending,
): Pick<
  Handlers,
  | 'putArtifact'
  | 'getArtifact'
  | 'headArtifact'
  | 'holdArtifacts'
  | 'artifactUse'
  | 'setArtifactQuota'
  | 'collectArtifacts'
> {
  const found = async (reader: Reader, sha256: string): Promise<number> => {
    await lending.mustReach(reader, sha256);
    const bytes = await artifacts.size({ workspace: reader.workspace, sha256 });
    if (bytes === null) throw protocolErrors.artifactNotFound({ where: sha256 });
    return bytes;
  };
  return {
    putArtifact: async (call) => {
      const { params, query, principal, workspace, bytes, request, reply, mayStill } = call;
      const { sha256 } = params;
      const reader = { principal, workspace, project: query.project };
      const seen = await lending.reaches(reader, sha256);
      const put = artifacts.put({ workspace, sha256 }, bytes, announced(request), mayStill);
      const { created, ...artifact } = await put;
      await lending.sent(reader, sha256);
      reply.status(created || !seen ? 201 : 200); // what he did not see is new to him
      return artifact;
    },

    getArtifact: async (call) => {
      const { params, query, principal, workspace, request, reply, charge } = call;
      const [{ sha256 }, { project }] = [params, query];
      const key = { workspace, sha256 };
      const bytes = await found({ principal, workspace, project }, sha256);
      const etag = labelled(reply, sha256);
      if (request.headers['if-none-match']?.includes(etag)) return reply.status(304).send();
      const { range, 'if-range': ifRange } = request.headers;
      const part =
        range === undefined || (ifRange !== undefined && ifRange !== etag) ? null : parseRange(range, bytes);
      if (part === 'outside') {
        reply.header('content-range', `bytes */${bytes}`);
        throw protocolErrors.badRange({ where: range ?? '', data: { bytes } });
      }
      const artifact = await artifacts.open(key, part ?? undefined);
      if (part === null) return reply.header('content-length', bytes).send(artifact.read(undefined, charge));
      return reply
        .status(206)
        .header('content-range', `bytes ${part.start}-${part.end}/${bytes}`)
        .header('content-length', part.end - part.start + 1)
        .send(artifact.read(part, charge));
    },

    headArtifact: async ({ params: { sha256 }, query: { project }, principal, workspace, reply }) => {
      const bytes = await found({ principal, workspace, project }, sha256);
      labelled(reply, sha256);
      return reply.header('content-length', bytes).send();
    },

    holdArtifacts: async ({ params: { project, holder }, body, principal, workspace }) => {
      await collector.hold(project, holder, body.artifacts);
      await lending.named({ principal, workspace, project }, body.artifacts);
      return body;
    },

    artifactUse: ({ params }) => artifacts.use(params.workspace),
    setArtifactQuota: ({ params, body }) => artifacts.setQuota(params.workspace, body.quota),

    collectArtifacts: async ({ params: { workspace }, body: { dryRun, graceHours } }) => {
      const collection = await collector.collect({ workspace, dryRun, graceMs: graceHours * HOUR_MS });
      if (!dryRun) await lending.claims.tidy(workspace);
      return collection;
    },
  };
}

/** Null where the body comes in pieces of which nobody knows how many. */
function announced({ headers }: FastifyRequest): number | null {
  const length = headers['content-length'];
  return length === undefined ? null : Number(length);
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
