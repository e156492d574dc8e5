import type { KeyObject } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { serverErrors } from '../errors.ts';
import type { ChainEnd } from './chain.ts';
import { type Head, headLine, lastHead } from './heads.ts';
import { headsFileOf, openKeyFile } from './key-file.ts';

const TAIL_BYTES = 64 * 1024;
const WHOLE_LINE = /"signature":"[^"]+"\}$/m;

/** The file of signed heads. It is only ever appended to, so that the system can be told to allow nothing else. */
export class SignedHeads {
  /** As the file said when it was opened. */
  readonly last: Head | null;
  readonly #key: KeyObject;
  readonly #file: FileHandle;
  #number: number;
  /** A power cut or a full disk tore the last line: the next one begins on a line of its own. */
  #torn: boolean;

  private constructor(key: KeyObject, file: FileHandle, last: Head | null, torn: boolean) {
    this.#key = key;
    this.#file = file;
    this.last = last;
    this.#torn = torn;
    this.#number = last?.number ?? 0;
  }

  /** Errors: auditKeyUnusable, also where what is there was signed with another key. */
  static async open(keyFile: string): Promise<SignedHeads> {
    const key = await openKeyFile(keyFile);
    const path = headsFileOf(keyFile);
    try {
      const text = await tailOf(path);
      const last = lastHead(text, key);
      if (last === null && WHOLE_LINE.test(text)) throw new Error('another key signed what is in there');
      const torn = text !== '' && !text.endsWith('\n');
      return new SignedHeads(key, await open(path, 'a', 0o600), last, torn);
    } catch (cause) {
      const why = cause instanceof Error ? `: ${cause.message}` : '';
      throw serverErrors.auditKeyUnusable({
        where: path,
        message: `${serverErrors.auditKeyUnusable.title}${why}`,
        cause,
      });
    }
  }

  /** On disk when it resolves. */
  async sign({ seq, hash }: ChainEnd, at: number, kind: Head['kind'] = 'head'): Promise<void> {
    const number = this.#number + 1;
    const line = headLine({ number, kind, seq, hash, at }, this.#key);
    const before = this.#torn ? '\n' : '';
    this.#torn = true;
    await this.#file.appendFile(`${before}${line}`);
    await this.#file.datasync();
    this.#torn = false;
    this.#number = number;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** The last lines, which are all that an open server needs of a file that grows for years. */
async function tailOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString();
  } finally {
    await file.close();
  }
}
