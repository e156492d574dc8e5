import type { ProjectFiles } from '../domain/artifacts/ports.ts';
import type { DocumentStore } from '../domain/documents/ports.ts';
import { PROJECT_DOCUMENT } from '../protocol/sync.ts';
import { projectFiles } from './project-files.ts';
import { introduce, type Profile } from './presence.ts';
import { openRoom } from './room.ts';
import { RoomCache, type RoomUse } from './room-cache.ts';

/** Who is at this browser. */
export interface ProfileSource {
  current(): Profile;
  subscribe(listener: () => void): () => void;
}

/** The shared documents of this page. */
export interface Documents {
  /** The text of a file, or with PROJECT_DOCUMENT the project's own document. */
  use(project: string, path: string): RoomUse;
  project(project: string): RoomUse;
  drop(project: string, path: string): void;
  /** The project's artifacts; the project's document stays open from then on. */
  files(project: string): Promise<ProjectFiles>;
}

export function createDocuments(options: {
  readonly store: DocumentStore;
  readonly server: string;
  readonly profile: ProfileSource;
  readonly now: () => number;
}): Documents {
  const { store, server, profile, now } = options;
  const cache = new RoomCache(async (project, path) => {
    const room = await openRoom({ project, path, store, server });
    introduce(room.awareness, profile.current());
    const stop = profile.subscribe(() => introduce(room.awareness, profile.current()));
    room.doc.on('destroy', stop);
    return room;
  });
  const kept = new Map<string, Promise<ProjectFiles>>();
  return {
    use: (project, path) => cache.use(project, path),
    project: (project) => cache.use(project, PROJECT_DOCUMENT),
    drop: (project, path) => cache.drop(project, path),
    files(project) {
      const known = kept.get(project);
      if (known !== undefined) return known;
      const files = cache.use(project, PROJECT_DOCUMENT).room.then((room) => projectFiles(room, now));
      kept.set(project, files);
      files.catch(() => kept.delete(project));
      return files;
    },
  };
}
