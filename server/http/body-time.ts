import { Transform } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Gate } from './gate.ts';
import type { Pass } from './pass.ts';

/** How long bodies may take: a request that never ends holds memory and a connection. */
export interface BodyTimes {
  /** A body that is parsed has this long, ... */
  readonly atLeastMs: number;
  /** ... and longer where it may be long: as a slow line sends it. */
  readonly bytesPerSecond: number;
  /** One that is streamed may take as long as it likes, as may an answer, unless nothing at all comes or is taken. */
  readonly idleMs: number;
}

export const bodyTimes: BodyTimes = { atLeastMs: 30_000, bytesPerSecond: 16 * 1024, idleMs: 120_000 };

/**
 * Gives every body a time, in the place of Node's one time for all requests: an upload of hours is welcome, a
 * sign-in that comes a byte a minute is not. Others of its address are worked on meanwhile.
 * Errors: bodyLate, tooManyRequests.
 */
export function timeBodies(app: FastifyInstance, times: BodyTimes, gate: Gate): void {
  app.addHook('preParsing', async (request, reply, payload) => {
    const { bodyLimit } = request.routeOptions;
    const pass = gate.passOf(request.raw);
    if (request.raw.complete) return payload;
    if (request.method === 'GET' || request.method === 'HEAD') {
      if (announcesBody(request)) reply.header('connection', 'close'); // nobody reads it
      return payload;
    }
    if (bodyLimit === undefined || bodyLimit === Number.MAX_SAFE_INTEGER) {
      endWhenIdle(request, times.idleMs); // whoever reads it rests while it comes (body-bytes.ts)
      return payload;
    }
    pass?.rest();
    const timed = payload.pipe(counted(pass));
    timed.on('error', () => undefined); // whoever reads it answers; often nobody does any more
    const late = setTimeout(
      () => timed.destroy(protocolErrors.bodyLate({ where: request.url })),
      times.atLeastMs + (bodyLimit / times.bytesPerSecond) * 1000,
    );
    payload.on('error', (error) => timed.destroy(error));
    payload.on('close', () => clearTimeout(late));
    timed.on('close', () => clearTimeout(late));
    return timed;
  });
}

/** Counts what is kept of a body; that it is whole is not said before it is the request's turn again. */
function counted(pass: Pass | undefined): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        pass?.receive(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      if (pass === undefined) done();
      else pass.resume().then(() => done(), done);
    },
  });
}

function announcesBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Ends the connection; whoever sends in pieces goes on from where he was. */
function endWhenIdle({ raw }: FastifyRequest, idleMs: number): void {
  const { socket } = raw;
  let before = socket.bytesRead;
  const look = setInterval(() => {
    const isFull = raw.readableLength >= raw.readableHighWaterMark; // then it is the disk that takes its time
    if (socket.bytesRead === before && !raw.complete && !isFull) raw.destroy();
    before = socket.bytesRead;
  }, idleMs);
  look.unref();
  const stop = (): void => clearInterval(look);
  raw.on('end', stop);
  raw.on('close', stop);
}
