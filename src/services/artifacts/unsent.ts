import type { Sha256 } from '../../domain/artifacts/ports.ts';
import type { Settings } from '../../domain/runs/ports.ts';

/** What is still to be sent, `<project> <hash>`: also of projects that nobody opens again. */
export type Unsent = readonly string[];

export const unsentKey = (project: string, sha256: Sha256): string => `${project} ${sha256}`;

const KEY = 'artifacts.unsent';

/** Kept over reloads. Changes are made one after another; null changes nothing. */
export function createUnsent(settings: Settings): {
  read(): Promise<Unsent>;
  change(make: (known: Unsent) => Unsent | null): Promise<void>;
} {
  let last: Promise<void> = Promise.resolve();
  const read = async (): Promise<Unsent> => {
    const value = await settings.get(KEY);
    return Array.isArray(value) ? value.filter((key) => typeof key === 'string') : [];
  };
  return {
    read,
    change(make) {
      const turn = last.then(async () => {
        const next = make(await read());
        if (next !== null) await settings.set(KEY, next);
      });
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}
