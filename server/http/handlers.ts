import type { Clock } from '../../src/base/clock.ts';
import { covers } from '../../src/domain/access/roles.ts';
import { openApiDocument } from '../../src/protocol/http/openapi.ts';
import { VERSION } from '../../src/protocol/version.ts';
import type { Access } from '../access/access.ts';
import type { Accounts } from '../access/accounts.ts';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { Collector } from '../artifacts/collect.ts';
import type { Uploads } from '../artifacts/uploads.ts';
import type { Files } from '../projects/files.ts';
import type { Lending } from '../projects/lending.ts';
import type { Projects } from '../projects/projects.ts';
import type { Review } from '../review/review.ts';
import type { Store } from '../store/store.ts';
import { accessHandlers } from './access-handlers.ts';
import type { Handlers } from './api.ts';
import { artifactHandlers } from './artifact-handlers.ts';
import { auditHandlers } from './audit-handlers.ts';
import { reviewHandlers } from './review-handlers.ts';
import { uploadHandlers } from './upload-handlers.ts';
import { type Founding, workspaceHandlers } from './workspace-handlers.ts';

export interface HandlerParts {
  readonly store: Store;
  readonly access: Access;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly founding: Founding;
  readonly projects: Projects;
  readonly files: Files;
  readonly lending: Lending;
  readonly review: Review;
  readonly artifacts: ArtifactStore;
  readonly uploads: Uploads;
  readonly collector: Collector;
  /** Where browsers find the server. */
  readonly url: () => string;
  /** Rejects where what is kept cannot be reached in time. */
  readonly ping: () => Promise<void>;
  readonly counts: () => { readonly rooms: number; readonly connections: number };
}

/** Each operation in terms of the parts that do it. */
export function createHandlers(parts: HandlerParts): Handlers {
  const { store, access, projects, files, artifacts, lending, counts, ping } = parts;
  const openapi = Buffer.from(JSON.stringify(openApiDocument()));
  return {
    health: async () => {
      await ping();
      return { status: 'ok', uptimeSeconds: process.uptime(), ...counts() };
    },
    version: async () => ({ program: VERSION, node: process.version }),
    openapi: async ({ reply }) => reply.type('application/json; charset=utf-8').send(openapi),

    listProjects: async ({ principal, query: { deleted, workspace } }) => {
      if (!covers(principal.scopes, 'project.read')) return { projects: [] };
      const workspaces = (await access.workspacesOf(principal)).map(({ id }) => id);
      const grant = await access.grantOf(principal);
      const all = await projects.list({
        deleted,
        workspaces: grant?.project === null ? [...workspaces, grant.workspace] : workspaces,
        projects: grant?.project ? [grant.project] : [],
      });
      return {
        projects: all.filter((project) => workspace === undefined || project.workspace === workspace),
      };
    },
    createProject: ({ workspace, body }) => projects.create(workspace, body),
    getProject: ({ params }) => projects.get(params.project),
    renameProject: ({ params, body }) => projects.rename(params.project, body.name),
    deleteProject: ({ params }) => projects.remove(params.project),
    restoreProject: ({ params }) => projects.restore(params.project),

    listFiles: async ({ params, query }) => ({ files: await files.list(params.project, query.deleted) }),
    createFile: async ({ params: { project }, body, principal, workspace }) => {
      const reader = { principal, workspace, project };
      if (body.kind === 'artifact') await lending.mustReach(reader, body.sha256);
      const file = await files.create(project, body);
      if (body.kind === 'artifact') await lending.listed(reader, body.sha256);
      return file;
    },
    readFile: async ({ params: { project, path } }) => ({ path, text: await files.read(project, path) }),
    renameFile: ({ params, body }) => files.rename(params.project, params.path, body.path),
    deleteFile: ({ params, query }) => files.remove(params.project, params.path, query.forever),
    restoreFile: ({ params }) => files.restore(params.project, params.path),

    ...accessHandlers(parts),
    ...workspaceHandlers(parts),
    ...reviewHandlers(parts.review, projects),
    ...artifactHandlers(artifacts, parts.collector, lending),
    ...uploadHandlers(parts.uploads, lending),
    ...auditHandlers(store),
  };
}
