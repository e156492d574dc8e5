import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { isLoopback } from '../access/sign-in-mode.ts';
import type { ViteStudio } from '../studio/vite.ts';
import type { SyncSockets } from '../sync/sockets.ts';
import type { Gate } from './gate.ts';
import type { Guard } from './guard.ts';
import { commonHeaders, dataPolicy, developmentPolicy, onlyByTls } from './headers.ts';
import { isForSupervisors, type Probes } from './probes.ts';
import { refuse, refuseSocket } from './refuse.ts';

export interface Routing {
  readonly gate: Gate;
  readonly guard: Guard;
  readonly onRefused: (error: AnnealError) => void;
  readonly probes: Probes;
  readonly app: FastifyInstance;
  readonly sockets: SyncSockets;
  readonly vite: ViteStudio | null;
  /** Whether browsers reach the server over TLS. */
  readonly secure: boolean;
}

/**
 * Whether the name is the server's own. HSTS knows no ports: under a name on whose other ports other programs answer,
 * as those of this machine do under loopback, it would close the ones that have no TLS to the same browser.
 */
function hasNameToItself({ headers: { host = '' } }: IncomingMessage): boolean {
  const [, name = '', port = '443'] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return port === '443' && !isLoopback(name);
}

/**
 * The one place where requests and upgrades come in: nothing is reached but through the guard. It is there before
 * the server listens, so that nobody comes to a server that does not answer yet.
 */
export function serve(
  server: Server,
  { gate, guard, onRefused, probes, app, sockets, vite, secure }: Routing,
): void {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const refusal = guard(request);
    if (refusal !== null) {
      onRefused(refusal);
      refuse(response, refusal, request);
    } else if (vite === null || /^\/(api|signin)\//.test(request.url ?? '')) {
      app.routing(request, response);
    } else {
      response.setHeader('content-security-policy', developmentPolicy);
      vite.handle(request, response);
    }
  };
  server.on('request', (request, response) => {
    for (const [name, value] of Object.entries(commonHeaders)) response.setHeader(name, value);
    response.setHeader('content-security-policy', dataPolicy); // pages and scripts say what they need
    if (secure && hasNameToItself(request)) response.setHeader('strict-transport-security', onlyByTls);
    if (isForSupervisors(request)) gate.supervise(request, response, () => void probes(request, response));
    else gate.enter(request, response, () => probes(request, response) ?? answer(request, response));
  });
  // An expectation that nobody knows may be ignored (RFC 9110, 10.1.1); Node would answer it past the guard.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.prependListener('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined);
    const refusal = guard(request);
    if (refusal !== null) {
      onRefused(refusal);
      return refuseSocket(socket, refusal);
    }
    if (request.url?.startsWith('/sync/') === true) return sockets.upgrade(request, socket, head);
    if (vite?.owns(request) !== true)
      refuseSocket(socket, protocolErrors.notFound({ where: request.url ?? '' }));
  });
}
