import { fromBase64, toBase64 } from 'lib0/buffer';

/** What a page had no time to write to its database. */
export interface LastWords {
  readonly room: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly author: number | null;
}

export interface LastWordsStore {
  /** Writes it before it returns. The answer takes it back; null where there was no room, or none may be kept. */
  keep(words: LastWords): (() => void) | null;
  /** All that were kept and not taken back, in the order in which they were written by each page. */
  kept(): readonly { readonly words: LastWords; readonly forget: () => void }[];
}

/**
 * A page that ends takes its database's transactions along, committed or not; only this storage is written at once.
 * It is small (5 million letters a site), so it holds what was typed last, until the next page moves it.
 */
export function lastWordsIn(name: string): LastWordsStore {
  const storage = siteStorage();
  const prefix = `${name}/last/`;
  let count = 0;
  return {
    keep({ room, bytes, author }) {
      const key = `${prefix}${Date.now()}/${String(count++).padStart(6, '0')}/${crypto.randomUUID()}`;
      try {
        if (storage === undefined) return null;
        storage.setItem(key, JSON.stringify([room, author, toBase64(bytes)]));
        return () => storage.removeItem(key);
      } catch {
        return null; // full, or forbidden: the database may still be in time
      }
    },
    kept() {
      const found = keysOf(storage).filter((key) => key.startsWith(prefix));
      return found.sort().flatMap((key) => {
        const words = read(storage?.getItem(key) ?? null);
        return words === null ? [] : [{ words, forget: () => storage?.removeItem(key) }];
      });
    },
  };
}

/** None in a worker, and none where a site may store nothing: then it throws when it is named. */
function siteStorage(): Storage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

function keysOf(storage: Storage | undefined): readonly string[] {
  try {
    return storage === undefined ? [] : Object.keys(storage);
  } catch {
    return [];
  }
}

function read(text: string | null): LastWords | null {
  try {
    const [room, author, bytes]: readonly unknown[] = JSON.parse(text ?? '[]');
    if (typeof room !== 'string' || typeof bytes !== 'string') return null;
    return {
      room,
      author: typeof author === 'number' ? author : null,
      bytes: new Uint8Array(fromBase64(bytes)),
    };
  } catch {
    return null; // written by nobody we know
  }
}
