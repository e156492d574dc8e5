import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';

/** Some systems allow no longer path of a socket; it ends with a zero byte. */
const MAX_PATH_BYTES = 103;

/**
 * Where the server of a data folder is told what to do by whoever may write into that folder; on Windows a named
 * pipe. Null where the folder's path is too long for a socket.
 */
export function controlPath(folder: string): string | null {
  const path = join(resolve(folder), 'control.sock');
  if (process.platform === 'win32') {
    return `\\\\.\\pipe\\anneal-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;
  }
  return Buffer.byteLength(path) <= MAX_PATH_BYTES ? path : null;
}
