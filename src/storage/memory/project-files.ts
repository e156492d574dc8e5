import type { ProjectFiles, StoredArtifact } from '../../domain/artifacts/ports.ts';

/** The files of a project that nobody shares: the command line's, and those of tests. */
export function createMemoryProjectFiles(): ProjectFiles {
  const kept = new Map<string, StoredArtifact>();
  const listeners = new Set<() => void>();
  const told = (): void => {
    for (const listener of listeners) listener();
  };
  return {
    get: (path) => kept.get(path) ?? null,
    entries: () => kept,
    set(path, artifact) {
      kept.set(path, artifact);
      told();
    },
    remove(path) {
      kept.delete(path);
      told();
    },
    observe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
