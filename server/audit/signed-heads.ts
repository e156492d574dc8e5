import type { KeyObject } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { serverErrors } from '../errors.ts';
import type { ChainEnd } from './chain.ts';
import { type Head, headLine, readHeads } from './heads.ts';
import { headsFileOf, openKeyFile } from './key-file.ts';

/** The file of signed heads. It is only ever appended to, so that the system can be told to allow nothing else. */
export class SignedHeads {
  /** As the file said when it was opened. */
  readonly last: Head | null;
  readonly #key: KeyObject;
  readonly #file: FileHandle;
  #number: number;

  private constructor(key: KeyObject, file: FileHandle, last: Head | null) {
    this.#key = key;
    this.#file = file;
    this.last = last;
    this.#number = last?.number ?? 0;
  }

  /** Errors: auditKeyUnusable. */
  static async open(keyFile: string): Promise<SignedHeads> {
    const key = await openKeyFile(keyFile);
    const path = headsFileOf(keyFile);
    try {
      const text = await readFile(path, 'utf8');
      const file = await open(path, 'a', 0o600);
      // A power cut may have torn the last line: the next one begins on a line of its own.
      if (text !== '' && !text.endsWith('\n')) await file.appendFile('\n');
      return new SignedHeads(key, file, readHeads(text, key).heads.at(-1) ?? null);
    } catch (cause) {
      throw serverErrors.auditKeyUnusable({ where: path, cause });
    }
  }

  /** On disk when it resolves. */
  async sign({ seq, hash }: ChainEnd, at: number, kind: Head['kind'] = 'head'): Promise<void> {
    const number = ++this.#number;
    await this.#file.appendFile(headLine({ number, kind, seq, hash, at }, this.#key));
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
