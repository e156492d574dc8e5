import { accessOperations } from './access.ts';
import { artifactOperations } from './artifacts.ts';
import { auditOperations } from './audit.ts';
import { fileOperations } from './files.ts';
import { projectOperations } from './projects.ts';
import { reviewOperations } from './review.ts';
import { sessionOperations } from './sessions.ts';
import { systemOperations } from './system.ts';
import { workspaceOperations } from './workspaces.ts';

/** The whole HTTP interface, by operation id. */
export const operations = {
  ...systemOperations,
  ...accessOperations,
  ...sessionOperations,
  ...workspaceOperations,
  ...projectOperations,
  ...fileOperations,
  ...reviewOperations,
  ...artifactOperations,
  ...auditOperations,
};

export type Operations = typeof operations;
export type OperationId = keyof Operations;
