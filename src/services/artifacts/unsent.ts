import type { Sha256 } from '../../domain/artifacts/ports.ts';
import type { SharedSettings } from '../../domain/runs/ports.ts';

/** What is still to be sent, `<project> <hash>`: also of projects that nobody opens again. */
export interface Unsent {
  read(): Promise<readonly string[]>;
  add(key: string): Promise<void>;
  remove(key: string): Promise<void>;
}

export const unsentKey = (project: string, sha256: Sha256): string => `${project} ${sha256}`;

const KEY = 'artifacts.unsent';

/** Kept over reloads, for all tabs together. Changes of a tab are made one after another. */
export function createUnsent(settings: SharedSettings): Unsent {
  let last: Promise<void> = Promise.resolve();
  const read = async (): Promise<string[]> => keysIn(await settings.get(KEY));
  const change = (key: string, isWanted: boolean): Promise<void> => {
    const turn = last.then(async () => {
      if ((await read()).includes(key) === isWanted) return; // most often; then nothing is written
      await settings.change(KEY, (value) => {
        const others = keysIn(value).filter((other) => other !== key);
        return isWanted ? [...others, key] : others;
      });
    });
    last = turn.catch(() => undefined);
    return turn;
  };
  return { read, add: (key) => change(key, true), remove: (key) => change(key, false) };
}

function keysIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((key) => typeof key === 'string') : [];
}
