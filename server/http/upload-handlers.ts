import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Uploads } from '../artifacts/uploads.ts';
import type { Handlers } from './api.ts';

/** tus answers on the plain response, as it reads the plain request; errors from before that are answered as any. */
export function uploadHandlers(
  uploads: Uploads,
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
  return {
    createUpload: (call) =>
      handed(call, (request, response) =>
        uploads.create(call.workspace, queryOf(call.request.url), request, response),
      ),
    headUpload: (call) => handed(call, (request, response) => uploads.head(keyOf(call), request, response)),
    patchUpload: (call) => handed(call, (request, response) => uploads.patch(keyOf(call), request, response)),
    deleteUpload: (call) =>
      handed(call, (request, response) => uploads.remove(keyOf(call), request, response)),
  };
}

const keyOf = (call: { readonly workspace: string; readonly params: { readonly sha256: string } }) => ({
  workspace: call.workspace,
  sha256: call.params.sha256,
});

/** With its question mark: it says whose upload it is, and so belongs to its address. */
function queryOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at);
}
