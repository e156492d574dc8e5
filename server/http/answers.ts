import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { BodyTimes } from './body-time.ts';
import type { Gate } from './gate.ts';

/** Shorter ones are bounded by how many requests of an address are in flight. */
const SMALL_BYTES = 64 * 1024;

/**
 * What is answered is in memory until it was taken: of one address so much at most, and nothing of which no byte
 * was taken for a while. The next request is worked on meanwhile. Errors: tooManyRequests.
 */
export function holdAnswers(app: FastifyInstance, { idleMs }: BodyTimes, gate: Gate): void {
  app.addHook('onRequest', async (_request, reply) => endWhenNotTaken(reply.raw, idleMs));
  app.addHook('onSend', async (request, _reply, payload) => {
    const pass = gate.passOf(request.raw);
    const bytes =
      typeof payload === 'string'
        ? Buffer.byteLength(payload)
        : Buffer.isBuffer(payload)
          ? payload.length
          : 0;
    if (bytes > SMALL_BYTES) pass?.answer(bytes);
    pass?.rest();
    return payload;
  });
}

/** Node's timer starts anew with every byte that goes, of a long answer too. */
function endWhenNotTaken(response: ServerResponse, idleMs: number): void {
  response.on('timeout', (socket: Socket) => {
    if (socket.writableLength > 0) socket.destroy(); // else it is still being made
  });
  response.setTimeout(idleMs);
}
