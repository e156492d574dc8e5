import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Where a path in a config may lie: beside the config, then in the working directory. */
export function placesOf(path: string, config: string): readonly string[] {
  return [...new Set([resolve(dirname(config), path), resolve(path)])];
}

/** The file that a path in a config means; null where there is none. */
export async function findFile(path: string, config: string): Promise<string | null> {
  for (const place of placesOf(path, config)) {
    const isFile = await stat(place).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile) return place;
  }
  return null;
}
