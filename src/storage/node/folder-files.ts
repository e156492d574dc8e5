import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FolderFiles } from '../../engine/formats/folder-files.ts';
import { toStorageError } from '../errors.ts';

/** The files of a directory, read as needed. Throws ANN-STO where it cannot be read. */
export async function nodeFolder(folder: string): Promise<FolderFiles> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(rethrow);
  return {
    // A link may be what it leads to: Hugging Face's own cache is made of them.
    names: entries.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map(({ name }) => name),
    size: async (name) => (await stat(join(folder, name)).catch(rethrow)).size,
    async read(name, begin, end) {
      const file = await open(join(folder, name)).catch(rethrow);
      try {
        const bytes = new Uint8Array(end - begin);
        let length = 0;
        while (length < bytes.byteLength) {
          const { bytesRead } = await file.read(bytes, length, bytes.byteLength - length, begin + length);
          if (bytesRead === 0) break;
          length += bytesRead;
        }
        return bytes.subarray(0, length);
      } catch (thrown) {
        return rethrow(thrown);
      } finally {
        await file.close();
      }
    },
  };
}

function rethrow(thrown: unknown): never {
  throw toStorageError(thrown);
}
