import type { Sha256 } from '../../domain/artifacts/ports.ts';
import type { SharedSettings } from '../../domain/runs/ports.ts';

/** What one person is still to send, `<project> <hash>`: also of projects that he does not open again. */
export interface Unsent {
  read(): Promise<readonly string[]>;
  /** Of this project what was kept while nobody signed in, or by an earlier version: of whoever opens it. */
  ofNobody(project: string): Promise<readonly string[]>;
  add(key: string): Promise<void>;
  /** It is on the server. */
  sent(key: string): Promise<void>;
  /** He has nothing to send, or nobody to have it. Others may. */
  drop(key: string): Promise<void>;
}

export const unsentKey = (project: string, sha256: Sha256): string => `${project} ${sha256}`;

/** Of nobody. */
const KEY = 'artifacts.unsent';

/**
 * Kept over reloads, for all tabs together. Changes of a tab are made one after another. `person` is null where nobody
 * signs in. The next one at the same browser neither sends what another is to send, nor takes it from his list because
 * the server would not have it from him.
 */
export function createUnsent(settings: SharedSettings, person: string | null): Unsent {
  const own = person === null ? KEY : `${KEY}@${encodeURIComponent(person)}`;
  let last: Promise<void> = Promise.resolve();
  const read = async (list: string): Promise<string[]> => keysIn(await settings.get(list));
  const change = (list: string, key: string, isWanted: boolean): Promise<void> => {
    const turn = last.then(async () => {
      if ((await read(list)).includes(key) === isWanted) return; // most often; then nothing is written
      await settings.change(list, (value) => {
        const others = keysIn(value).filter((other) => other !== key);
        return isWanted ? [...others, key] : others;
      });
    });
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    read: () => read(own),
    ofNobody: async (project) =>
      person === null ? [] : (await read(KEY)).filter((key) => key.startsWith(unsentKey(project, ''))),
    add: (key) => change(own, key, true),
    async sent(key) {
      await change(own, key, false);
      if (own !== KEY) await change(KEY, key, false);
    },
    drop: (key) => change(own, key, false),
  };
}

function keysIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((key) => typeof key === 'string') : [];
}
