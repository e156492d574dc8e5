import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../access/principal.ts';
import { announcedUpload } from '../artifacts/upload-head.ts';
import type { Sender, Uploads } from '../artifacts/uploads.ts';
import type { Lending } from '../projects/lending.ts';
import type { Handlers } from './api.ts';

interface Asked {
  readonly principal: Principal;
  readonly workspace: string;
  readonly query: { readonly project?: string | undefined };
  readonly bytes: AsyncIterable<Buffer>;
  readonly mayStill: () => Promise<void>;
}

/** tus answers on the plain response, as it reads the plain request; errors from before that are answered as any. */
export function uploadHandlers(
  uploads: Uploads,
  lending: Lending,
): Pick<Handlers, 'createUpload' | 'headUpload' | 'patchUpload' | 'deleteUpload'> {
  const handed = async (
    { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
    work: (request: FastifyRequest['raw'], response: FastifyReply['raw']) => Promise<void>,
  ): Promise<FastifyReply> => {
    try {
      await work(request.raw, reply.raw);
    } catch (error) {
      // The bytes of a chunk that is refused are not read; the connection cannot be used on.
      if (request.method === 'PATCH') reply.header('connection', 'close');
      throw error;
    }
    return reply.hijack();
  };
  const senderOf = async (
    { principal, workspace, query: { project }, bytes, mayStill }: Asked,
    sha256: string,
  ): Promise<Sender> => {
    const reader = { principal, workspace, project };
    // Who sees one project alone sees no uploads of others, and they do not see his.
    const own = (await lending.isInside(reader)) ? '' : `~${project}`;
    return {
      key: { workspace, sha256: sha256 + own },
      artifact: { workspace, sha256 },
      sees: await lending.reaches(reader, sha256),
      bytes,
      mayStill,
      sent: () => lending.sent(reader, sha256),
    };
  };
  return {
    createUpload: (call) =>
      handed(call, async (request, response) => {
        const sender = await senderOf(call, announcedUpload(request).sha256);
        return uploads.create(sender, queryOf(call.request.url), request, response);
      }),
    headUpload: (call) =>
      handed(call, async (request, response) =>
        uploads.head(await senderOf(call, call.params.sha256), request, response),
      ),
    patchUpload: (call) =>
      handed(call, async (request, response) =>
        uploads.patch(await senderOf(call, call.params.sha256), request, response),
      ),
    deleteUpload: (call) =>
      handed(call, async (request, response) =>
        uploads.remove(await senderOf(call, call.params.sha256), request, response),
      ),
  };
}

/** With its question mark: it says whose upload it is, and so belongs to its address. */
function queryOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at);
}
