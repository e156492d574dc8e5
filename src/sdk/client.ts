import type { AuditEntry } from '../protocol/http/audit.ts';
import type { ProjectFile } from '../protocol/http/files.ts';
import type { BodyInputOf } from '../protocol/http/operation.ts';
import { type Operations, operations } from '../protocol/http/operations.ts';
import type { Project } from '../protocol/http/projects.ts';
import type { Health, ServerVersion } from '../protocol/http/system.ts';
import { type AccessClient, createAccessClient } from './access.ts';
import { type ArtifactClient, createArtifactClient } from './artifacts.ts';
import { createReviewClient, type ReviewClient } from './review.ts';
import { type CallOptions, call, type Transport } from './transport.ts';

/**
 * The server, typed. Every call rejects with an AnnealError: what the server answered with, or unreachable,
 * timeout, aborted, badResponse (src/protocol/errors.ts).
 */
export interface Client {
  health(options?: CallOptions): Promise<Health>;
  version(options?: CallOptions): Promise<ServerVersion>;
  readonly access: AccessClient;
  readonly projects: {
    list(options?: CallOptions & { readonly deleted?: boolean }): Promise<Project[]>;
    /** In the caller's own workspace unless another is named. */
    create(
      project: BodyInputOf<Operations['createProject']>,
      options?: CallOptions & { readonly workspace?: string },
    ): Promise<Project>;
    get(project: string, options?: CallOptions): Promise<Project>;
    rename(project: string, name: string, options?: CallOptions): Promise<Project>;
    remove(project: string, options?: CallOptions): Promise<Project>;
    restore(project: string, options?: CallOptions): Promise<Project>;
  };
  readonly files: {
    list(project: string, options?: CallOptions & { readonly deleted?: boolean }): Promise<ProjectFile[]>;
    create(
      project: string,
      file: BodyInputOf<Operations['createFile']>,
      options?: CallOptions,
    ): Promise<ProjectFile>;
    /** The text of a shared file as it is now. */
    read(project: string, path: string, options?: CallOptions): Promise<string>;
    rename(project: string, path: string, to: string, options?: CallOptions): Promise<ProjectFile>;
    remove(
      project: string,
      path: string,
      options?: CallOptions & { readonly forever?: boolean },
    ): Promise<ProjectFile>;
    restore(project: string, path: string, options?: CallOptions): Promise<ProjectFile>;
  };
  /** What is said about texts, and how they were. */
  readonly review: ReviewClient;
  readonly artifacts: ArtifactClient;
  readonly audit: {
    /** What was done in a workspace, newest first; `before` goes on behind the last one that is known. */
    list(
      workspace: string,
      options?: CallOptions & { readonly before?: number; readonly limit?: number },
    ): Promise<AuditEntry[]>;
  };
}

export interface ClientOptions {
  /** Where the server is; left out or empty: where the page came from. */
  readonly baseUrl?: string;
  readonly fetch?: typeof fetch;
  /** An API key, for programs; browsers have the cookie of their session. */
  readonly key?: string | undefined;
  /** For everything but the transfer of artifacts. */
  readonly timeoutMs?: number;
}

export function createClient(options: ClientOptions = {}): Client {
  const transport: Transport = {
    baseUrl: (options.baseUrl ?? '').replace(/\/+$/, ''),
    // Bound late, as browsers refuse a fetch that is called as a method of something else.
    fetch: withKey(options.key, options.fetch ?? ((input, init) => fetch(input, init))),
    timeoutMs: options.timeoutMs ?? 15_000,
    ownFetch: options.key !== undefined || options.fetch !== undefined,
  };
  const o = operations;
  return {
    health: (options) => call(transport, o.health, { ...options, params: {} }),
    version: (options) => call(transport, o.version, { ...options, params: {} }),
    projects: {
      list: async ({ deleted = false, ...options } = {}) => {
        const query = { deleted: String(deleted) };
        return (await call(transport, o.listProjects, { ...options, params: {}, query })).projects;
      },
      create: (body, { workspace, ...options } = {}) => {
        const query = workspace === undefined ? {} : { query: { workspace } };
        return call(transport, o.createProject, { ...options, ...query, params: {}, body });
      },
      get: (project, options) => call(transport, o.getProject, { ...options, params: { project } }),
      rename: (project, name, options) =>
        call(transport, o.renameProject, { ...options, params: { project }, body: { name } }),
      remove: (project, options) => call(transport, o.deleteProject, { ...options, params: { project } }),
      restore: (project, options) => call(transport, o.restoreProject, { ...options, params: { project } }),
    },
    files: {
      list: async (project, { deleted = false, ...options } = {}) => {
        const query = { deleted: String(deleted) };
        return (await call(transport, o.listFiles, { ...options, params: { project }, query })).files;
      },
      create: (project, body, options) =>
        call(transport, o.createFile, { ...options, params: { project }, body }),
      read: async (project, path, options) =>
        (await call(transport, o.readFile, { ...options, params: { project, path } })).text,
      rename: (project, path, to, options) =>
        call(transport, o.renameFile, { ...options, params: { project, path }, body: { path: to } }),
      remove: (project, path, { forever = false, ...options } = {}) => {
        const query = { forever: String(forever) };
        return call(transport, o.deleteFile, { ...options, params: { project, path }, query });
      },
      restore: (project, path, options) =>
        call(transport, o.restoreFile, { ...options, params: { project, path } }),
    },
    access: createAccessClient(transport),
    review: createReviewClient(transport),
    artifacts: createArtifactClient(transport),
    audit: {
      list: async (workspace, { before, limit = 100, ...options } = {}) => {
        const query = { limit: String(limit), ...(before === undefined ? {} : { before: String(before) }) };
        return (await call(transport, o.readAudit, { ...options, params: { workspace }, query })).entries;
      },
    },
  };
}

function withKey(key: string | undefined, send: typeof fetch): typeof fetch {
  if (key === undefined) return send;
  return (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${key}`);
    return send(input, { ...init, headers });
  };
}
