import { open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { MOST_CHARACTERS } from '../src/domain/config/parse.ts';
import { UsageError } from './arguments.ts';

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

/** No more than pre-flight reads; bytes that are no UTF-8 become U+FFFD, which it reports. */
export async function configText(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const buffer = new Uint8Array(4 * MOST_CHARACTERS + 4);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length);
        length += bytesRead;
        if (bytesRead === 0 || length === buffer.length) break;
      }
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(buffer.subarray(0, length));
    } finally {
      await file.close();
    }
  } catch (thrown) {
    throw new UsageError(`${path} cannot be read: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}
