import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import type { Mark } from './epoch.ts';

const MAGIC = 0x324d4e41; // ANM2
const BYTES = 36;
const AT = 24;
/** A file's time of change is the system's own clock, some milliseconds late. */
const TOLERANCE_MS = 2_000;
/**
 * After so long what was written is forced to disk, beside the commits. Left alone the system writes the time of
 * change within seconds and the bytes within half a minute: after a power cut the two would contradict each other.
 */
const FORCE_MS = 1_000;

/** The file beside the database that says how far the log reached when somebody was last told of it. */
export class Watermark {
  readonly #file: number;
  readonly #identity: bigint;
  readonly #record = Buffer.alloc(BYTES);
  /** How far the clock of the file system is ahead of ours; null until something has been written. */
  #ahead: number | null = null;
  /** There is one while something was written that may not be on disk. */
  #timer: NodeJS.Timeout | null = null;
  #forced: Promise<void> = Promise.resolve();

  constructor(path: string, identity: bigint) {
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    // Of something else there may be more. A mark of ours is not touched before it is written.
    if (fstatSync(this.#file).size > BYTES) ftruncateSync(this.#file, BYTES);
    this.#identity = identity;
  }

  /** Null where there is none, or not a whole one. */
  static read(path: string): Mark | null {
    let file: number;
    try {
      file = openSync(path, constants.O_RDONLY);
    } catch {
      return null;
    }
    try {
      const record = readFileSync(file);
      if (!isWhole(record)) return null;
      return {
        epoch: record.readUInt32LE(4),
        lsn: Number(record.readBigUInt64LE(8)),
        identity: record.readBigUInt64LE(16),
        moved: Math.abs(fstatSync(file).ctimeMs - record.readDoubleLE(AT)) > TOLERANCE_MS,
      };
    } catch {
      return null;
    } finally {
      closeSync(file);
    }
  }

  /**
   * In one write over the old record. Nobody waits until it is on disk: after a power cut it may be an older one,
   * which asks less of the log and not more. It says when it was written: nobody who puts a copy into its place can
   * give the file that time of change.
   */
  write(epoch: number, lsn: number): void {
    const record = this.#record;
    record.writeUInt32LE(MAGIC, 0);
    record.writeUInt32LE(epoch, 4);
    record.writeBigUInt64LE(BigInt(lsn), 8);
    record.writeBigUInt64LE(this.#identity, 16);
    if (this.#ahead === null) {
      const ahead = Math.min(this.#measure(), this.#measure());
      this.#ahead = Math.abs(ahead) > TOLERANCE_MS / 4 ? ahead : 0;
    }
    this.#put(Date.now() + this.#ahead);
    this.#timer ??= setTimeout(() => this.#force(), FORCE_MS).unref();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#force();
    }
    await this.#forced;
    closeSync(this.#file);
  }

  #put(at: number): void {
    writeSync(this.#file, stamp(this.#record, at), 0, BYTES, 0);
  }

  /** Too much, where the process was held up in between: of several the smallest is right. */
  #measure(): number {
    const now = Date.now();
    this.#put(now);
    return fstatSync(this.#file).ctimeMs - now;
  }

  /** With the time of change, which fdatasync leaves out. Where it fails the mark is an older one. */
  #force(): void {
    this.#timer = null;
    this.#forced = this.#forced.then(() => new Promise((resolve) => fsync(this.#file, () => resolve())));
  }
}

/** Whether the bytes are a mark. */
export function isWhole(record: Buffer): boolean {
  if (record.length !== BYTES || record.readUInt32LE(0) !== MAGIC) return false;
  return record.readUInt32LE(BYTES - 4) === crc32(record.subarray(0, BYTES - 4));
}

/** Writes into a mark when it was written. */
export function stamp(record: Buffer, at: number): Buffer {
  record.writeDoubleLE(at, AT);
  record.writeUInt32LE(crc32(record.subarray(0, BYTES - 4)), BYTES - 4);
  return record;
}
