import { accessRequests } from './requests/access.ts';
import { collectingRequests } from './requests/artifact-collecting.ts';
import { uploadRequests } from './requests/artifact-uploads.ts';
import { artifactRequests } from './requests/artifacts.ts';
import { auditRequests } from './requests/audit.ts';
import { claimRequests } from './requests/claims.ts';
import { documentRequests } from './requests/documents.ts';
import { keyRequests } from './requests/keys.ts';
import { lendingRequests } from './requests/lending.ts';
import { ownSessionRequests } from './requests/own-sessions.ts';
import { projectRequests } from './requests/projects.ts';
import { reviewRequests } from './requests/review.ts';
import { sessionRequests } from './requests/sessions.ts';
import { vaultRequests } from './requests/vault.ts';
import { workspaceRequests } from './requests/workspaces.ts';

/**
 * What the store can be asked: a file an area in requests/. Each runs as a whole, in a transaction of its own,
 * on either database (PostgreSQL may run it several times until nothing came in between). Times come from the
 * caller.
 */
export const requests = {
  ...documentRequests,
  ...projectRequests,
  ...reviewRequests,
  ...accessRequests,
  ...sessionRequests,
  ...ownSessionRequests,
  ...workspaceRequests,
  ...keyRequests,
  ...artifactRequests,
  ...uploadRequests,
  ...collectingRequests,
  ...lendingRequests,
  ...claimRequests,
  ...auditRequests,
  ...vaultRequests,
};

export type Requests = typeof requests;
export type RequestName = keyof Requests;
export type InputOf<N extends RequestName> = Parameters<Requests[N]>[1];
export type OutputOf<N extends RequestName> = Awaited<ReturnType<Requests[N]>>;
