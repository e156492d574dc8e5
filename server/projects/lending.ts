import { can } from '../../src/domain/access/roles.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { FILES_ROOT, PROJECT_DOCUMENT, readFileEntry } from '../../src/protocol/sync.ts';
import type { Access } from '../access/access.ts';
import type { Principal } from '../access/principal.ts';
import type { Store } from '../store/store.ts';
import type { Rooms } from '../sync/rooms.ts';

/** Who asks for artifacts, and through which project, if it is through one. */
export interface Reader {
  readonly principal: Principal;
  readonly workspace: string;
  readonly project?: string | undefined;
}

/**
 * Which artifacts of a workspace they reach who came by a link for one of its projects: those that came in
 * through that project, that somebody of the workspace holds for it, and that its list of files names. To write a
 * hash into the list is not enough for them: what they name without having sent it is claimed, and not lent.
 */
export class Lending {
  readonly #store: Store;
  readonly #rooms: Rooms;
  readonly #access: Access;
  /** Clients of Yjs by which people from outside wrote into the list of a project. */
  readonly #outside = new Map<string, Set<number>>();
  /** Claims that are being written down. */
  readonly #claiming = new Map<string, Promise<unknown>>();

  constructor(store: Store, rooms: Rooms, access: Access) {
    this.#store = store;
    this.#rooms = rooms;
    this.#access = access;
  }

  /** Whether somebody sees all that the workspace has. */
  async isInside({ principal, workspace, project }: Reader): Promise<boolean> {
    if (project === undefined) return true; // what he asked for was checked in the workspace
    return this.#sees(principal, workspace);
  }

  /** Whether the artifact is for him, if the workspace has it. */
  async reaches(reader: Reader, sha256: string): Promise<boolean> {
    const { project } = reader;
    if (project === undefined || (await this.isInside(reader))) return true;
    await this.#claiming.get(project);
    const lent = await this.#store.call('lentArtifact', { project, sha256 });
    return lent ?? this.#isListed(project, sha256);
  }

  /** Errors: artifactNotFound. */
  async mustReach(reader: Reader, sha256: string): Promise<void> {
    if (!(await this.reaches(reader, sha256))) throw protocolErrors.artifactNotFound({ where: sha256 });
  }

  /** He has sent the bytes: whoever sees the project may have them. */
  async sent({ project }: Reader, sha256: string): Promise<void> {
    if (project === undefined) return;
    await this.#store.call('giveArtifacts', { project, hashes: [sha256], sent: true });
  }

  /** Somebody names artifacts in a project outside of its list of files, such as those of a run. */
  async named(reader: Reader, hashes: readonly string[]): Promise<void> {
    const { project } = reader;
    if (project === undefined || !(await this.isInside(reader))) return;
    await this.#store.call('giveArtifacts', { project, hashes, sent: false });
  }

  /**
   * Somebody wrote into a project's list. What it names is looked for in the very moment: whoever asks for it, or
   * moves the file, comes later.
   */
  edited(project: string, { principal }: { readonly principal: Principal }, clients: Iterable<number>): void {
    if (!isGuest(principal) && !this.#outside.has(project)) return;
    const writers = new Set(clients);
    const written = this.#namedBy(project, writers);
    const before = this.#claiming.get(project) ?? Promise.resolve();
    const claiming = Promise.all([before, written])
      .then(() => this.#claim(project, principal, writers, written))
      .finally(() => {
        if (this.#claiming.get(project) === claiming) this.#claiming.delete(project);
      });
    this.#claiming.set(project, claiming);
    claiming.catch(() => undefined); // whoever asks for an artifact of the project until then is told
  }

  async #claim(
    project: string,
    principal: Principal,
    writers: ReadonlySet<number>,
    written: Promise<readonly string[]>,
  ): Promise<void> {
    const found = await this.#store.call('getProject', project);
    if (found === null) return;
    const outside = this.#outside.get(project) ?? new Set();
    const hashes: string[] = [];
    if (!(await this.#sees(principal, found.workspace))) {
      hashes.push(...(await written));
      for (const client of writers) outside.add(client);
      this.#outside.set(project, outside);
    }
    // What waited for other updates may have come to the list by this one.
    hashes.push(...(await this.#namedBy(project, outside)));
    await this.#store.call('claimArtifacts', { project, hashes });
  }

  #namedBy(project: string, clients: ReadonlySet<number>): Promise<string[]> {
    return this.#rooms.read({ project, path: PROJECT_DOCUMENT }, (doc) =>
      [...doc.getMap(FILES_ROOT)._map].flatMap(([path, item]) => {
        if (item.deleted || !clients.has(item.id.client)) return [];
        const entry = readFileEntry(path, item.content.getContent()[0]);
        return entry?.kind === 'artifact' ? [entry.sha256] : [];
      }),
    );
  }

  /** Deleted and renamed files count: they can be restored. */
  #isListed(project: string, sha256: string): Promise<boolean> {
    return this.#rooms.read({ project, path: PROJECT_DOCUMENT }, (doc) =>
      [...doc.getMap(FILES_ROOT).entries()].some(([path, value]) => {
        const entry = readFileEntry(path, value);
        return entry?.kind === 'artifact' && entry.sha256 === sha256;
      }),
    );
  }

  async #sees(principal: Principal, workspace: string): Promise<boolean> {
    return !isGuest(principal) || can(await this.#access.roleIn(principal, { workspace }), 'artifact.read');
  }
}

/** Whether he came by a link, be it beside an account of his own. */
const isGuest = ({ kind, share }: Principal): boolean => kind === 'share' || share !== undefined;
