import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { z } from 'zod';
import { AnnealError } from '../../src/base/error.ts';
import type { Action, Role } from '../../src/domain/access/roles.ts';
import { protocolErrors, statusOfCode } from '../../src/protocol/errors.ts';
import {
  type BodyOf,
  type Operation,
  type ParamsOf,
  type QueryOf,
  type ResponseOf,
  USUAL_JSON_BYTES,
} from '../../src/protocol/http/operation.ts';
import { type OperationId, type Operations, operations } from '../../src/protocol/http/operations.ts';
import { API_PREFIX } from '../../src/protocol/version.ts';
import type { Access } from '../access/access.ts';
import type { Principal } from '../access/principal.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { OperationLines } from '../audit/operations.ts';
import { type Admitted, admit, admitAgain, admitByBody } from './admission.ts';
import { bytesOf } from './body-bytes.ts';
import { endWithAccess } from './ending.ts';
import type { Gate } from './gate.ts';
import { dataPolicy } from './headers.ts';
import { parse } from './parse.ts';
import type { Pass } from './pass.ts';

/** What a handler gets: everything has been validated. */
export interface Call<O extends Operation> {
  readonly params: ParamsOf<O>;
  readonly query: QueryOf<O>;
  readonly body: BodyOf<O>;
  /** As they come, of an operation of bytes. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Begins what the address pays for while bytes go, and answers with what ends it. */
  readonly charge: (() => () => void) | undefined;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Who asks; whoever gets to a handler may do what the operation says. */
  readonly principal: O['action'] extends 'public' ? Principal | null : Principal;
  /** In the place that the operation is about: the project's workspace, or the one that was named. */
  readonly role: O['action'] extends Action ? Role : null;
  readonly workspace: O['action'] extends Action ? string : null;
  /** For what takes long, before it counts: throws what he would get who asked now. */
  readonly mayStill: () => Promise<void>;
}

/** JSON to answer with; operations of bytes, and of JSON that is there as bytes, answer through `reply` themselves. */
type Answer<O extends Operation> = O['response'] extends z.ZodType
  ? ResponseOf<O> | FastifyReply
  : FastifyReply;

export type Handlers = {
  readonly [Id in OperationId]: (call: Call<Operations[Id]>) => Promise<Answer<Operations[Id]>>;
};

/** What every operation goes through. */
interface Checks {
  readonly access: Access;
  readonly audit: AuditLog;
  readonly gate: Gate;
}

/** Registers the operations of the protocol with their handlers. */
export async function registerApi(app: FastifyInstance, handlers: Handlers, checks: Checks): Promise<void> {
  await app.register(
    async (api) => {
      api.removeContentTypeParser('text/plain');
      api.addHook('onSend', async (_request, reply) => {
        reply.header('content-security-policy', dataPolicy);
        if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
      });
      const json: OperationId[] = [];
      const bytes: OperationId[] = [];
      for (const id of Object.keys(operations) as OperationId[]) {
        (operations[id].body === 'bytes' ? bytes : json).push(id);
      }
      for (const id of json) registerOperation(api, id, handlers, checks);
      // Bytes are streamed: nothing parses them, whatever they are called.
      await api.register(async (raw) => {
        raw.removeAllContentTypeParsers();
        raw.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
        for (const id of bytes) registerOperation(raw, id, handlers, checks);
      });
    },
    { prefix: API_PREFIX },
  );
}

function registerOperation(
  app: FastifyInstance,
  id: OperationId,
  handlers: Handlers,
  { access, audit, gate }: Checks,
): void {
  const operation: Operation = operations[id];
  const lines = new OperationLines(id, operation, audit, access);
  // The pairing of operation and handler was checked where the table of handlers was made.
  const handle = handlers[id] as unknown as (call: Call<Operation>) => Promise<unknown>;
  const admitted = new WeakMap<FastifyRequest, Admitted>();
  const answer = async (request: FastifyRequest, reply: FastifyReply, pass?: Pass): Promise<unknown> => {
    const before = admitted.get(request);
    if (before === undefined) throw protocolErrors.internal({ message: 'A request was not checked' });
    const body =
      operation.body === null || operation.body === 'bytes'
        ? null
        : parse(operation.body, request.body ?? null, 'the body');
    const call =
      operation.target === 'body'
        ? await lines.admission(request, () => admitByBody(operation, before, body, access))
        : before;
    reply.status(operation.success[0] ?? 200); // the handler may say otherwise
    // What the types of Call promise by the operation's action, admission has seen to.
    const bytes = bytesOf(request.raw, pass);
    const charge = pass && (() => pass.charge());
    const mayStill = () => admitAgain(operation, call, access);
    const work = () =>
      handle({ ...call, body, bytes, charge, request, reply, mayStill } as unknown as Call<Operation>);
    return lines.around(call, body, request, reply, work);
  };
  app.route({
    method: operation.method as HTTPMethods,
    exposeHeadRoute: operation.response !== 'bytes', // these declare their own
    url: operation.path.replace(/\{(\w+)\}/g, ':$1'),
    bodyLimit:
      operation.body === 'bytes' ? Number.MAX_SAFE_INTEGER : (operation.maxJsonBytes ?? USUAL_JSON_BYTES),
    // Before a byte of the body has been read.
    onRequest: async (request, reply) => {
      const found = await lines.admission(request, () => admit(operation, request, access));
      admitted.set(request, found);
      endWithAccess(operation, found, access, { request, reply });
    },
    handler: (request, reply) => {
      const pass = gate.passOf(request.raw);
      if (pass === undefined) return answer(request, reply);
      return pass.during(
        () => answer(request, reply, pass),
        () => reply.raw.writableEnded, // tus has answered itself; else `onSend` says so
      );
    },
  });
}

/** Answers any error with its facts; what is not one of ours is a defect, and is logged. */
export function replyWithError(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: (line: string) => void,
): void {
  const error = known(thrown) ?? protocolErrors.internal({ where: request.url, cause: thrown });
  const status = statusOfCode(error.code);
  if (status >= 500) log(`${request.method} ${request.url}: ${error.message}\n${String(stackOf(thrown))}`);
  const facts = error.toJSON();
  // What is left of a body that nobody reads would hold the connection up.
  if (!request.raw.complete || status === 413 || status === 422) reply.header('connection', 'close');
  const wait = facts.data?.retryAfterSeconds;
  if (status === 429 && typeof wait === 'number') reply.header('retry-after', wait);
  reply.status(status).send({ ...facts, where: facts.where ?? request.url });
}

function known(thrown: unknown): AnnealError | null {
  if (thrown instanceof AnnealError) return thrown;
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return null;
  const message = thrown.message;
  switch (thrown.statusCode) {
    case 400:
      return protocolErrors.badRequest({ message });
    case 403: // a path that leads out of the studio's folder
    case 404:
      return protocolErrors.notFound();
    case 413:
      return protocolErrors.tooLarge({ message });
    case 414:
      return protocolErrors.badRequest({ message: 'A part of the address is too long' });
    case 415:
      return protocolErrors.unsupportedMediaType({ message });
    case 503:
      return protocolErrors.shuttingDown();
    default:
      return null;
  }
}

function stackOf(thrown: unknown): unknown {
  return thrown instanceof Error ? thrown.stack : thrown;
}
