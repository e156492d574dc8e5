import { z } from 'zod';
import { workspaceIdSchema } from '../names.ts';
import { operation } from './operation.ts';

/** One thing that somebody did, or was refused. */
export const auditEntrySchema = z
  .object({
    seq: z.number().int(),
    at: z.number().int().meta({ description: 'Milliseconds since 1970 UTC.' }),
    actor: z.string().meta({ description: 'Such as user:<id>, key:<id>, share:<id>.' }),
    name: z.string().nullable().meta({ description: 'What the actor was called at that time.' }),
    action: z.string().meta({ description: 'An operation of this document, or such as document.edited.' }),
    target: z.string(),
    outcome: z.string().meta({ description: 'done, or the code of the error.' }),
    detail: z.string().meta({ description: 'JSON.' }),
    hash: z.string(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditOperations = {
  readAudit: operation({
    method: 'GET',
    path: '/workspaces/{workspace}/audit',
    summary: 'What was done in a workspace, newest first',
    action: 'audit.read',
    params: z.object({ workspace: workspaceIdSchema }),
    query: z.object({
      before: z.coerce
        .number()
        .int()
        .positive()
        .optional()
        .meta({ description: 'Only entries before this one.' }),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
    }),
    body: null,
    response: z.object({ entries: z.array(auditEntrySchema) }),
    success: [200],
    errors: ['badRequest', 'notSignedIn', 'forbidden', 'workspaceNotFound'],
  }),
};
