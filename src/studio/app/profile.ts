/** Who is at this browser: kept here, told to the people one works with, sent nowhere else. */
export interface Profile {
  readonly id: string;
  readonly name: string;
}

export interface ProfileStore {
  current(): Profile;
  /** The id under which what he begins is kept on this machine: also when his next visit is another session. */
  keeper(): string;
  /** Whether the name is the one that somebody signed in with, which is not changed here. */
  isGiven(): boolean;
  rename(name: string): void;
  subscribe(listener: () => void): () => void;
}

const KEY = 'anneal.profile';
const MAX_NAME = 64;
const ADJECTIVES = ['Brisk', 'Calm', 'Clever', 'Deft', 'Keen', 'Lucid', 'Patient', 'Quick', 'Steady', 'Warm'];
const CREATURES = ['Badger', 'Falcon', 'Finch', 'Heron', 'Lynx', 'Marten', 'Otter', 'Raven', 'Swift', 'Wren'];

/** In local storage, so that all tabs are one person; in memory where storage is blocked. */
export function createProfileStore(
  storage: Storage,
  random: () => number,
  newId: () => string,
): ProfileStore {
  const listeners = new Set<() => void>();
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? '';
  let profile = read(storage) ?? { id: newId(), name: `${pick(ADJECTIVES)} ${pick(CREATURES)}` };
  const write = (): void => {
    try {
      storage.setItem(KEY, JSON.stringify(profile));
    } catch {
      // Blocked or full: the name lasts as long as the page.
    }
  };
  write();
  globalThis.addEventListener?.('storage', (event) => {
    if (event.key !== KEY) return;
    profile = read(storage) ?? profile;
    for (const listener of listeners) listener();
  });
  return {
    current: () => profile,
    keeper: () => profile.id,
    isGiven: () => false,
    rename(name) {
      const trimmed = name.trim().slice(0, MAX_NAME).toWellFormed();
      if (trimmed === '' || trimmed === profile.name) return;
      profile = { ...profile, name: trimmed };
      write();
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function read(storage: Storage): Profile | null {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? 'null');
    if (typeof value !== 'object' || value === null || !('id' in value) || !('name' in value)) return null;
    const { id, name } = value;
    if (typeof id !== 'string' || typeof name !== 'string' || id === '' || name.trim() === '') return null;
    return { id: id.slice(0, 64), name: name.slice(0, MAX_NAME) };
  } catch {
    return null;
  }
}
