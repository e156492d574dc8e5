import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const compressible = /\.(html|js|mjs|css|json|svg|wasm|webmanifest|txt|ttf)$/;
const MIN_BYTES = 1024;

/**
 * Writes a .br and a .gz beside each file of a built studio that gains from it; the server sends them to
 * browsers that take them. Part of the build, so that serving costs nothing.
 */
export async function precompress(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || !compressible.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    if (bytes.length < MIN_BYTES) continue;
    const brotli = await promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 6 },
    });
    if (brotli.length < bytes.length * 0.9) await writeFile(`${path}.br`, brotli);
    const gzipped = await promisify(gzip)(bytes);
    if (gzipped.length < bytes.length * 0.9) await writeFile(`${path}.gz`, gzipped);
  }
}
