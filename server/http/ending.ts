import { finished } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Operation } from '../../src/protocol/http/operation.ts';
import type { Access } from '../access/access.ts';
import { watchAccess } from '../access/watch.ts';
import { type Admitted, admitAgain } from './admission.ts';

const REFUSALS: ReadonlySet<string> = new Set(
  [protocolErrors.projectNotFound, protocolErrors.workspaceNotFound, protocolErrors.forbidden].map(
    ({ code }) => code,
  ),
);

/** Bytes take hours to come or to go: the connection of who may not send or have them any more is cut. */
export function endWithAccess(
  operation: Operation,
  admitted: Admitted,
  access: Access,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): void {
  const { principal, workspace } = admitted;
  if (operation.body !== 'bytes' && operation.response !== 'bytes') return;
  if (principal === null || workspace === null) return;
  const watch = watchAccess(
    access,
    { principal, workspace },
    () => isAdmitted(operation, admitted, access),
    (isStill) => {
      if (!isStill) request.raw.socket.destroy();
    },
  );
  finished(reply.raw, () => watch.dispose());
}

async function isAdmitted(operation: Operation, admitted: Admitted, access: Access): Promise<boolean> {
  try {
    await admitAgain(operation, admitted, access);
    return true;
  } catch (error) {
    if (error instanceof AnnealError && REFUSALS.has(error.code)) return false;
    throw error;
  }
}
