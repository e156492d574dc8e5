import { can } from '../domain/access/roles.ts';
import type { ProjectFiles, StoredArtifact } from '../domain/artifacts/ports.ts';
import { protocolErrors } from '../protocol/errors.ts';
import { type FileEntry, readFileEntry } from '../protocol/sync.ts';
import { filesOf, type Room } from './room.ts';

export interface ListedFile {
  readonly path: string;
  readonly entry: FileEntry;
}

/** The files that are there, sorted by path; entries that make no sense are left out. */
export function listFiles(room: Room): readonly ListedFile[] {
  const found: ListedFile[] = [];
  for (const [path, value] of filesOf(room.doc).entries()) {
    const entry = readFileEntry(path, value);
    if (entry !== null && entry.deleted === undefined) found.push({ path, entry });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Where a file went that is not there any more; null where it was deleted, or is there. */
export function movedTo(room: Room, path: string): string | null {
  const entry = readFileEntry(path, filesOf(room.doc).get(path));
  return entry?.deleted === undefined ? null : (entry.movedTo ?? null);
}

/** The project's artifacts as the port that services take: path -> hash and length. Writing throws forbidden. */
export function projectFiles(room: Room, now: () => number): ProjectFiles {
  const files = filesOf(room.doc);
  const artifactOf = (path: string): StoredArtifact | null => {
    const entry = readFileEntry(path, files.get(path));
    if (entry?.kind !== 'artifact' || entry.deleted !== undefined) return null;
    return { sha256: entry.sha256, bytes: entry.bytes };
  };
  /** The server would take nothing of it, and close the document. */
  const mustBeAllowed = (): void => {
    const { role } = room.state;
    if (role !== null && !can(role, 'project.change'))
      throw protocolErrors.forbidden({ message: `A ${role} may not change the files of the project` });
  };
  return {
    get: artifactOf,
    entries() {
      const found = new Map<string, StoredArtifact>();
      for (const { path } of listFiles(room)) {
        const artifact = artifactOf(path);
        if (artifact !== null) found.set(path, artifact);
      }
      return found;
    },
    set(path, { sha256, bytes }) {
      mustBeAllowed();
      files.set(path, { kind: 'artifact', sha256, bytes, created: now() } satisfies FileEntry);
    },
    remove(path) {
      mustBeAllowed();
      const entry = readFileEntry(path, files.get(path));
      if (entry !== null) files.set(path, { ...entry, deleted: now() } satisfies FileEntry);
    },
    observe(listener) {
      files.observe(listener);
      return () => files.unobserve(listener);
    },
  };
}
