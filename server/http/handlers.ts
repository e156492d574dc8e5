import { openApiDocument } from '../../src/protocol/http/openapi.ts';
import { VERSION } from '../../src/protocol/version.ts';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { Files } from '../projects/files.ts';
import type { Projects } from '../projects/projects.ts';
import type { Store } from '../store/store.ts';
import type { Handlers } from './api.ts';
import { artifactHandlers } from './artifact-handlers.ts';

export interface HandlerParts {
  readonly store: Store;
  readonly projects: Projects;
  readonly files: Files;
  readonly artifacts: ArtifactStore;
  readonly counts: () => { readonly rooms: number; readonly connections: number };
}

/** Each operation in terms of the parts that do it. */
export function createHandlers({ store, projects, files, artifacts, counts }: HandlerParts): Handlers {
  const openapi = openApiDocument();
  return {
    health: async () => {
      await store.call('ping', null);
      return { status: 'ok', uptimeSeconds: process.uptime(), ...counts() };
    },
    version: async () => ({ program: VERSION, node: process.version }),
    openapi: async () => openapi,

    listProjects: async ({ query }) => ({ projects: await projects.list(query.deleted) }),
    createProject: ({ body }) => projects.create(body),
    getProject: ({ params }) => projects.get(params.project),
    renameProject: ({ params, body }) => projects.rename(params.project, body.name),
    deleteProject: ({ params }) => projects.remove(params.project),
    restoreProject: ({ params }) => projects.restore(params.project),

    listFiles: async ({ params, query }) => ({ files: await files.list(params.project, query.deleted) }),
    createFile: ({ params, body }) => files.create(params.project, body),
    readFile: async ({ params: { project, path } }) => ({ path, text: await files.read(project, path) }),
    renameFile: ({ params, body }) => files.rename(params.project, params.path, body.path),
    deleteFile: ({ params, query }) => files.remove(params.project, params.path, query.forever),
    restoreFile: ({ params }) => files.restore(params.project, params.path),

    ...artifactHandlers(artifacts),
  };
}
