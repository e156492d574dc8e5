import type { IncomingMessage, ServerResponse } from 'node:http';
import { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Access } from '../access/access.ts';
import { HOME_WORKSPACE } from '../access/principal.ts';
import type { Guard } from './guard.ts';
import { recent } from './recent.ts';
import { refuse } from './refuse.ts';

/** What a supervisor asks: whether the process lives, whether to send it people, how it does. */
export interface ProbeParts {
  /** Whether people are let in. */
  readonly isOpen: () => boolean;
  /** Rejects where what is kept cannot be reached in time. */
  readonly ping: () => Promise<unknown>;
  readonly metrics: { readonly contentType: string; read(): Promise<string> };
  readonly access: Access;
  readonly guard: Guard;
  /** Behind a proxy everybody seems to come from this machine. */
  readonly behindProxy: boolean;
}

/** Null where the request asks for something else. */
export type Probes = (request: IncomingMessage, response: ServerResponse) => Promise<void> | null;

/** What is asked before the server is sent people: it is answered whatever else comes from the same address. */
export function isForSupervisors({ url = '' }: IncomingMessage): boolean {
  return /^\/(health|ready)(\?|$)/.test(url);
}

/** Answers are that old at most: whoever asks more often makes no more work. */
const LATELY_MS = 200;
const LOOPBACK = /^(::ffff:)?127\.|^::1$/;

/**
 * /health and /ready say one word to anybody, under whatever name they are asked: supervisors ask by address.
 * /metrics answers this machine, and whoever has an API key that may manage the workspace `home`: whose
 * server it is, owns that one, and the figures are of all.
 */
export function createProbes(parts: ProbeParts): Probes {
  const reaches = (): Promise<boolean> =>
    parts.ping().then(
      () => true,
      () => false,
    );
  const figures = recent(() => parts.metrics.read(), LATELY_MS);
  const answers: Readonly<
    Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<void>>
  > = {
    '/health': async (request, response) => say(request, response, 200, 'alive'),
    '/ready': async (request, response) => {
      const reached = parts.isOpen() && (await reaches());
      const isReady = reached && parts.isOpen();
      say(
        request,
        response,
        isReady ? 200 : 503,
        isReady ? 'ready' : parts.isOpen() ? 'no storage' : 'draining',
      );
    },
    '/metrics': async (request, response) => {
      const refusal = await mayReadMetrics(request, parts);
      if (refusal !== null) refuse(response, refusal, request);
      else say(request, response, 200, await figures(), parts.metrics.contentType);
    },
  };
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (answer === undefined) return null;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      refuse(response, protocolErrors.notFound({ where: path }), request);
      return Promise.resolve();
    }
    return answer(request, response).catch((cause: unknown) => {
      if (!response.headersSent) refuse(response, protocolErrors.internal({ where: path, cause }), request);
    });
  };
}

async function mayReadMetrics(request: IncomingMessage, parts: ProbeParts) {
  const isHere = !parts.behindProxy && LOOPBACK.test(request.socket.remoteAddress ?? '');
  const isForwarded =
    request.headers['x-forwarded-for'] !== undefined || request.headers.forwarded !== undefined;
  if (isHere && !isForwarded) return parts.guard(request);
  const principal = await parts.access.authenticate(request);
  const nothing = protocolErrors.notFound({ where: '/metrics' });
  if (principal?.kind !== 'key') return nothing;
  return parts.access.require(principal, 'workspace.manage', { workspace: HOME_WORKSPACE }).then(
    () => null,
    (error: unknown) => {
      if (error instanceof AnnealError) return nothing; // not even that there is something
      throw error;
    },
  );
}

function say(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
