import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storageErrors, toStorageError } from '../errors.ts';

/**
 * A log of JSON values, one a line. A process killed in mid-write leaves a last line without its end;
 * it is cut off before more is appended, and never read.
 */
export interface JsonLines {
  read(): Promise<readonly unknown[]>;
  /** On disk when it resolves. */
  append(values: readonly unknown[]): Promise<void>;
  /** Puts these in the place of all that there was, at once. */
  replace(values: readonly unknown[]): Promise<void>;
}

export function jsonLines(path: string): JsonLines {
  let whole: Promise<number> | null = null; // bytes of whole lines, counted at the first append

  const text = async (): Promise<string> => {
    try {
      return await readFile(path, 'utf8');
    } catch (thrown) {
      if (isMissing(thrown)) return '';
      throw toStorageError(thrown);
    }
  };
  const wholeLines = (all: string): string => all.slice(0, all.lastIndexOf('\n') + 1);

  return {
    async read() {
      const lines = wholeLines(await text())
        .split('\n')
        .slice(0, -1);
      return lines.map((line, i) => {
        try {
          return JSON.parse(line) as unknown;
        } catch (cause) {
          throw storageErrors.damaged({
            message: 'A line of this file is no JSON',
            where: `${path}:${i + 1}`,
            cause,
          });
        }
      });
    },
    async append(values) {
      if (values.length === 0) return;
      try {
        await mkdir(dirname(path), { recursive: true });
        whole ??= text().then((all) => Buffer.byteLength(wholeLines(all)));
        const at = await whole;
        const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
        const file = await open(path, 'a+');
        try {
          await file.truncate(at);
          await file.appendFile(bytes);
          await file.datasync();
        } finally {
          await file.close();
        }
        whole = Promise.resolve(at + bytes.length);
      } catch (thrown) {
        whole = null;
        throw toStorageError(thrown);
      }
    },
    async replace(values) {
      try {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(`${path}.new`, values.map((value) => `${JSON.stringify(value)}\n`).join(''), {
          flush: true,
        });
        await rename(`${path}.new`, path);
      } catch (thrown) {
        throw toStorageError(thrown);
      } finally {
        whole = null;
      }
    },
  };
}

export function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}
