import type { FastifyReply, FastifyRequest } from 'fastify';
import { AnnealError } from '../../src/base/error.ts';
import { statusOfCode } from '../../src/protocol/errors.ts';
import type { Operation } from '../../src/protocol/http/operation.ts';
import type { OperationId } from '../../src/protocol/http/operations.ts';
import type { Access } from '../access/access.ts';
import type { Principal } from '../access/principal.ts';
import type { AuditLog } from './audit-log.ts';
import { type AuditLine, STRANGER } from './line.ts';

/** Who asks and where, as far as it is known before the work is done. */
export interface Asked {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly principal: Principal | null;
  readonly workspace: string | null;
}

/**
 * Many of these belong to one thing that somebody does, or nobody does them: pieces of an upload, a ticket for
 * every document, what the editors of all who look on have noticed.
 */
const OFTEN: ReadonlySet<OperationId> = new Set([
  'createTicket',
  'holdArtifacts',
  'lookAtInvitation',
  'noteMerge',
  'patchUpload',
  'readMentions',
]);

/** What bodies and answers say that belongs into the log. Texts and secrets do not. */
const TOLD = [
  'id',
  'name',
  'role',
  'path',
  'sha256',
  'bytes',
  'scopes',
  'lastingMs',
  'expires',
  'project',
  'kind',
  'thread',
  'resolved',
  'decision',
  'graceHours',
  'dryRun',
  'quota',
  'forever',
  'deleted',
  'ended',
] as const;

/** The audit lines of one operation: each time that it changed something, failed to, or was refused. */
export class OperationLines {
  readonly #id: OperationId;
  readonly #operation: Operation;
  readonly #audit: AuditLog;
  readonly #access: Access;

  constructor(id: OperationId, operation: Operation, audit: AuditLog, access: Access) {
    this.#id = id;
    this.#operation = operation;
    this.#audit = audit;
    this.#access = access;
  }

  /** Runs the check before an operation; a refusal leaves a line, for those who only want to read as well. */
  async admission<T>(request: FastifyRequest, check: () => Promise<T>): Promise<T> {
    try {
      return await check();
    } catch (error) {
      const status = error instanceof AnnealError ? statusOfCode(error.code) : 500;
      if (status !== 401 && status !== 403 && status !== 404) throw error;
      const principal = status === 401 ? null : await this.#access.authenticate(request.raw);
      // Strangers can think of any number of addresses.
      const params = principal === null ? {} : (request.params as Readonly<Record<string, unknown>>);
      const asked = { params, query: {}, principal, workspace: null };
      // Those of one workspace are not shown who knocked from another.
      const place = status === 403 ? {} : { workspace: null, project: '' };
      void this.#audit.note({ ...this.#line(asked), ...place, outcome: codeOf(error) });
      throw error;
    }
  }

  /** Runs the operation. What it changed is not answered before its line is on disk. */
  async around<T>(
    asked: Asked,
    body: unknown,
    request: FastifyRequest,
    reply: FastifyReply,
    work: () => Promise<T>,
  ): Promise<T> {
    const { method, action } = this.#operation;
    if (method === 'GET' || method === 'HEAD') return work();
    // Who signs out is somebody before it and nobody after it.
    const before = action === 'public' ? await this.#access.authenticate(request.raw) : asked.principal;
    const who = { ...asked, principal: before };
    let result: T;
    try {
      result = await work();
    } catch (error) {
      const line = this.#line(who, told(body));
      const { name } = line.detail ?? {};
      // Who could not sign in is known by the name that he gave.
      const target = this.#id === 'signIn' && typeof name === 'string' ? `name=${name}` : (line.target ?? '');
      void this.#audit.note({ ...line, target, outcome: codeOf(error) });
      throw error;
    }
    // Some answer by themselves, errors too.
    const { statusCode } = reply.raw.headersSent ? reply.raw : reply;
    const line = this.#line(
      who,
      { ...told(asked.query), ...told(body), ...told(result), ...made(result) },
      result,
    );
    if (statusCode >= 400) void this.#audit.note({ ...line, outcome: `status ${statusCode}` });
    else if (OFTEN.has(this.#id) || line.actor === STRANGER) await this.#audit.recordOften(line);
    else await this.#audit.record(line);
    return result;
  }

  #line(
    { params, principal, workspace }: Asked,
    detail: AuditLine['detail'] = {},
    result?: unknown,
  ): AuditLine {
    const signedIn = principalIn(result);
    const actor = signedIn ?? principal;
    const { project } = params;
    return {
      actor: actor === null ? STRANGER : `${actor.kind}:${actor.id}`,
      name: actor?.name ?? null,
      action: this.#id,
      target: Object.entries(params)
        .map(([key, value]) => `${key}=${String(value)}`)
        .join(' '),
      workspace: workspace ?? (typeof params.workspace === 'string' ? params.workspace : null),
      ...(typeof project === 'string' ? { project } : {}),
      ...(Object.keys(detail).length === 0 ? {} : { detail }),
    };
  }
}

/** For sign-in at an identity provider, which is no operation. */
export function signInLine(
  outcome: { readonly principal: Principal | null } | { readonly error: unknown },
  issuer: string,
): AuditLine {
  const line = { action: 'signInElsewhere', target: `issuer=${issuer}` };
  if ('error' in outcome) return { ...line, actor: STRANGER, outcome: codeOf(outcome.error) };
  const { principal } = outcome;
  return { ...line, actor: `user:${principal?.id ?? ''}`, name: principal?.name ?? null };
}

function codeOf(error: unknown): string {
  return error instanceof AnnealError ? error.code : 'failed';
}

function told(source: unknown): Readonly<Record<string, unknown>> {
  if (typeof source !== 'object' || source === null) return {};
  const fields = source as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    TOLD.flatMap((key): [string, unknown][] => {
      const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (typeof value === 'string') return [[key, value.slice(0, 200)]];
      if (typeof value === 'number' || typeof value === 'boolean') return [[key, value]];
      return Array.isArray(value) ? [[key, value.map(String).slice(0, 20)]] : [];
    }),
  );
}

/** Keys and links are answered with their secret beside them. */
function made(result: unknown): Readonly<Record<string, unknown>> {
  if (typeof result !== 'object' || result === null) return {};
  const parts = result as Readonly<Record<string, unknown>>;
  return told(parts.invitation ?? parts.key ?? parts.share);
}

/** Sign-in, invitations and links answer with the session that they began. */
function principalIn(result: unknown): Pick<Principal, 'kind' | 'id' | 'name'> | null {
  if (typeof result !== 'object' || result === null || !('principal' in result)) return null;
  return result.principal as Pick<Principal, 'kind' | 'id' | 'name'> | null;
}
