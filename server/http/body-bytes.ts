import type { IncomingMessage } from 'node:http';
import type { Pass } from './pass.ts';

/**
 * The bytes of a body as they come. Others have the request's place meanwhile; what is done with all of them, such as
 * hashing, is done when it is its turn again. They are not thrown away because that takes long.
 */
export async function* bytesOf(request: IncomingMessage, pass: Pass | undefined): AsyncGenerator<Buffer> {
  if (!request.complete) pass?.rest();
  try {
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } finally {
    await pass?.resume(true);
  }
}
