import { can } from '../../src/domain/access/roles.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { FILES_ROOT, PROJECT_DOCUMENT, readFileEntry } from '../../src/protocol/sync.ts';
import type { Access } from '../access/access.ts';
import type { Principal } from '../access/principal.ts';
import type { Store } from '../store/store.ts';
import type { Writer } from '../store/write.ts';
import type { Rooms } from '../sync/rooms.ts';
import { Claims } from './claims.ts';

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
  readonly claims: Claims;

  /** `mostClaims`: of one link in one project. */
  constructor(store: Store, rooms: Rooms, access: Access, mostClaims: number) {
    this.claims = new Claims(store, mostClaims);
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
    const lent = () => this.#store.call('lentArtifact', { project, sha256 });
    // Who names it in this very moment has claimed it by the time that the list with it is on disk.
    return (await lent()) ?? ((await this.#isListed(project, sha256)) && (await lent()) !== false);
  }

  /** Errors: artifactNotFound. */
  async mustReach(reader: Reader, sha256: string): Promise<void> {
    if (!(await this.reaches(reader, sha256))) throw protocolErrors.artifactNotFound({ where: sha256 });
  }

  /** He has sent the bytes: whoever sees the project may have them. */
  async sent({ project }: Reader, sha256: string): Promise<void> {
    if (project === undefined) return;
    await this.#store.call('giveArtifacts', { project, hashes: [sha256], lifts: true });
  }

  /** Somebody names artifacts in a project outside of its list of files, such as those of a run. */
  async named(reader: Reader, hashes: readonly string[]): Promise<void> {
    const { project } = reader;
    if (project === undefined || !(await this.isInside(reader))) return;
    await this.#store.call('giveArtifacts', { project, hashes, lifts: false });
  }

  /** Somebody made it a file of the project: if he sees the workspace, it is for whoever sees the project. */
  async listed(reader: Reader, sha256: string): Promise<void> {
    if (await this.isInside(reader)) await this.sent(reader, sha256);
  }

  /**
   * What commits somebody's update of a project's list: with it, or not at all, goes the claim of all that it
   * names. The bytes are searched as they came. Throws where a link has claimed too much (claims.ts).
   */
  writer(project: string, principal: Principal, update: Uint8Array): Writer | undefined {
    if (!isGuest(principal)) return undefined;
    const hashes = namedIn(update);
    if (hashes.length === 0) return undefined;
    const asked = this.#access.asked(principal);
    const { share } = asked.who;
    if (share !== null) this.claims.admit(project, share, hashes.length);
    const claim = { kind: 'claim', project, path: PROJECT_DOCUMENT, hashes } as const;
    return {
      write: (...unit) => this.#store.write(...unit, { ...claim, ...asked }),
    };
  }

  /** Deleted and renamed files count: they can be restored. All that the list says is on disk then. */
  #isListed(project: string, sha256: string): Promise<boolean> {
    return this.#rooms.use({ project, path: PROJECT_DOCUMENT }, async ({ doc, durable }) => {
      // Values are whatever some editor has put there.
      for (const [path, value] of doc.getMap<{ sha256?: unknown } | null>(FILES_ROOT).entries()) {
        if (value?.sha256 !== sha256 || readFileEntry(path, value)?.kind !== 'artifact') continue;
        await durable;
        return true;
      }
      return false;
    });
  }

  async #sees(principal: Principal, workspace: string): Promise<boolean> {
    return !isGuest(principal) || can(await this.#access.roleIn(principal, { workspace }), 'artifact.read');
  }
}

/** Whether he came by a link, be it beside an account of his own. */
const isGuest = ({ kind, share }: Principal): boolean => kind === 'share' || share !== undefined;

/** Before a value's first character stands how long it is, and no such byte is a digit here. */
const namedIn = (update: Uint8Array): readonly string[] => {
  const text = Buffer.from(update.buffer, update.byteOffset, update.byteLength).toString('latin1');
  return [...new Set(text.match(/(?<![0-9a-f])[0-9a-f]{64}/g) ?? [])];
};
