import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../src/base/clock.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Project } from '../../src/protocol/http/projects.ts';
import { CloseCode, type FileEntry, PROJECT_DOCUMENT } from '../../src/protocol/sync.ts';
import { HOME_WORKSPACE } from '../access/principal.ts';
import { Remembered } from '../store/remembered.ts';
import type { Store } from '../store/store.ts';
import type { Seed } from '../store/write.ts';
import type { Rooms } from '../sync/rooms.ts';
import { seedProject, seedText } from '../sync/seed.ts';

export interface FirstFile {
  readonly path: string;
  readonly text: string;
}

export const SAMPLE_PROJECT = 'sample';
export const CONFIG_PATH = 'anneal.yaml';

/** What was deleted can be restored this long. */
const KEEP_DELETED_MS = 30 * 24 * 3600 * 1000;

/** Another server's changes are known after this time; it sends everybody away by itself. */
const KNOWN_MS = 1_000;

/** The projects of a server. Errors are those of the operations in src/protocol/http/projects.ts. */
export class Projects {
  readonly #store: Store;
  readonly #rooms: Rooms;
  readonly #clock: Clock;
  readonly #sampleConfig: string;
  readonly #known: Remembered<Project>;

  constructor(store: Store, rooms: Rooms, clock: Clock, sampleConfig: string) {
    this.#store = store;
    this.#rooms = rooms;
    this.#clock = clock;
    this.#sampleConfig = sampleConfig;
    this.#known = new Remembered((id) => store.call('getProject', id), clock, KNOWN_MS);
  }

  /** Makes the sample on a new folder, and removes what was deleted long ago: resolves with that. */
  async prepare(): Promise<readonly { readonly id: string; readonly workspace: string }[]> {
    const created = this.#clock.now();
    await this.#store.call('createSample', {
      id: SAMPLE_PROJECT,
      workspace: HOME_WORKSPACE,
      name: 'Sample: stories',
      created,
      seeds: seeds([{ path: CONFIG_PATH, text: this.#sampleConfig }], created),
    });
    return this.#store.call('purgeProjects', { before: created - KEEP_DELETED_MS });
  }

  /** Those of these workspaces, and these further projects. */
  list(where: {
    readonly deleted: boolean;
    readonly workspaces: readonly string[];
    readonly projects: readonly string[];
  }): Promise<Project[]> {
    return this.#store.call('listProjects', where);
  }

  async create(
    workspace: string,
    wish: {
      readonly name: string;
      readonly id?: string | undefined;
      readonly files?: readonly FirstFile[] | undefined;
    },
  ): Promise<Project> {
    const created = this.#clock.now();
    const files = wish.files ?? [{ path: CONFIG_PATH, text: this.#sampleConfig }];
    const twice = files.find((file, index) => files.findIndex((other) => other.path === file.path) !== index);
    if (twice !== undefined)
      throw protocolErrors.badRequest({ message: `Two files are named ${twice.path}`, where: 'files' });
    const first = wish.id ?? slug(wish.name, 'project');
    // Ids of the first workspace are as they were wished for. Those of others always have a suffix, the same for a
    // wish that comes again: one that came only when the id is taken would tell of others' projects.
    const own = wish.id === undefined ? randomBytes(3) : createHash('sha256').update(workspace).digest();
    const begin = workspace === HOME_WORKSPACE ? first : suffixed(first, own);
    for (let id = begin; ; id = suffixed(first, randomBytes(3))) {
      const project = { id, workspace, name: wish.name, created };
      const done = await this.#store.call('createProject', { ...project, seeds: seeds(files, created) });
      this.#known.forget(id);
      if (done === 'created') return { ...project, deleted: null };
      if (done === 'taken here' && wish.id !== undefined && id === begin)
        throw protocolErrors.projectExists({ where: id });
    }
  }

  async get(id: string): Promise<Project> {
    const project = await this.#store.call('getProject', id);
    if (project === null) throw protocolErrors.projectNotFound({ where: id });
    return project;
  }

  /** What `get` answers, remembered for a moment. */
  peek(id: string): Promise<Project | null> {
    return this.#known.get(id);
  }

  /** The project, unless it has been deleted. */
  async live(id: string): Promise<Project> {
    const project = await this.get(id);
    if (project.deleted !== null) throw protocolErrors.projectDeleted({ where: id });
    return project;
  }

  async rename(id: string, name: string): Promise<Project> {
    await this.live(id);
    return this.#change(id, { name });
  }

  async remove(id: string): Promise<Project> {
    const project = await this.get(id);
    if (project.deleted !== null) return project;
    const deleted = await this.#change(id, { deleted: this.#clock.now() });
    await this.#rooms.shutProject(id, CloseCode.gone, 'The project has been deleted');
    return deleted;
  }

  async restore(id: string): Promise<Project> {
    await this.get(id);
    return this.#change(id, { deleted: null });
  }

  async #change(
    id: string,
    change: { readonly name?: string; readonly deleted?: number | null },
  ): Promise<Project> {
    const project = await this.#store.call('changeProject', { id, ...change });
    this.#known.forget(id);
    if (project === null) throw protocolErrors.projectNotFound({ where: id });
    return project;
  }
}

const suffixed = (id: string, by: Buffer): string => `${id.slice(0, 56)}-${by.toString('hex').slice(0, 6)}`;

function seeds(files: readonly FirstFile[], created: number): Seed[] {
  const entries = files.map(({ path }): [string, FileEntry] => [path, { kind: 'text', created }]);
  return [
    { path: PROJECT_DOCUMENT, data: seedProject(Object.fromEntries(entries)) },
    ...files.map(({ path, text }) => ({ path, data: seedText(text) })),
  ];
}

/** An id that resembles a name. */
export function slug(name: string, otherwise: string): string {
  const plain = name.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '');
  const id = plain
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 48)
    .replace(/^-+|-+$/g, '');
  return id === '' ? otherwise : id;
}
