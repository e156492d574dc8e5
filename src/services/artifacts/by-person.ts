import type { ArtifactSync } from './sync.ts';

/** Who is at this browser, as far as this page knows. */
export interface Owner {
  /** Null where nobody signs in. */
  current(): string | null;
  subscribe(listener: () => void): () => void;
  /** Has the server say who it is; never rejects. */
  confirm(): Promise<void>;
}

/**
 * The sync of whoever is at this browser: when somebody else comes, that of the one before ends, with what it was
 * sending, and what is shown is followed for the next one. `isHis` asks whether the server still takes this browser
 * for that person: he may have gone in another tab.
 */
export function syncByPerson(
  owner: Owner,
  open: (person: string | null, isHis: () => Promise<boolean>) => ArtifactSync,
): ArtifactSync {
  const openFor = (whose: string | null): ArtifactSync =>
    open(whose, async () => {
      await owner.confirm();
      return owner.current() === whose;
    });
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const followed = new Set<{ readonly project: string; end: () => void }>();
  let person = owner.current();
  let sync = openFor(person);
  sync.subscribe(tell);
  const stop = owner.subscribe(() => {
    const next = owner.current();
    if (next === person) return;
    person = next;
    sync.close();
    sync = openFor(person);
    sync.subscribe(tell);
    for (const one of followed) {
      one.end();
      one.end = sync.follow(one.project);
    }
    tell();
  });
  return {
    follow(project) {
      const one = { project, end: sync.follow(project) };
      followed.add(one);
      return () => {
        followed.delete(one);
        one.end();
      };
    },
    state: () => sync.state(),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    request: (sha256) => sync.request(sha256),
    wake: () => sync.wake(),
    close() {
      stop();
      sync.close();
    },
  };
}
