import type { Sha256 } from '../../domain/artifacts/ports.ts';
import type { Settings } from '../../domain/runs/ports.ts';

/** What is still to be sent, by hash, and the project it belongs to: also of projects that nobody opens again. */
export type Unsent = Readonly<Record<Sha256, string>>;

const KEY = 'artifacts.unsent';

/** Kept over reloads. Changes are made one after another; null changes nothing. */
export function createUnsent(settings: Settings): {
  read(): Promise<Unsent>;
  change(make: (known: Unsent) => Unsent | null): Promise<void>;
} {
  let last: Promise<void> = Promise.resolve();
  const read = async (): Promise<Unsent> => {
    const value = await settings.get(KEY);
    return typeof value === 'object' && value !== null ? (value as Unsent) : {};
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
