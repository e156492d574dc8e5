import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { Mark } from './epoch.ts';

const MAGIC = 0x314d4e41; // ANM1
const BYTES = 28;

/** The file beside the database that says how far the log reached when somebody was last told of it. */
export class Watermark {
  readonly #file: number;
  readonly #identity: bigint;
  readonly #record = Buffer.alloc(BYTES);

  constructor(path: string, identity: bigint) {
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    ftruncateSync(this.#file, BYTES); // of something else there may be more
    this.#identity = identity;
  }

  /** Null where there is none, or not a whole one. */
  static read(path: string): Mark | null {
    let record: Buffer;
    try {
      record = readFileSync(path);
    } catch {
      return null;
    }
    if (record.length !== BYTES || record.readUInt32LE(0) !== MAGIC) return null;
    if (record.readUInt32LE(BYTES - 4) !== crc32(record.subarray(0, BYTES - 4))) return null;
    return {
      epoch: record.readUInt32LE(4),
      lsn: Number(record.readBigUInt64LE(8)),
      identity: record.readBigUInt64LE(16),
    };
  }

  /**
   * In one write over the old record. Not forced to disk: after a power cut it may be an older one, which asks
   * less of the log and not more.
   */
  write(epoch: number, lsn: number): void {
    const record = this.#record;
    record.writeUInt32LE(MAGIC, 0);
    record.writeUInt32LE(epoch, 4);
    record.writeBigUInt64LE(BigInt(lsn), 8);
    record.writeBigUInt64LE(this.#identity, 16);
    record.writeUInt32LE(crc32(record.subarray(0, BYTES - 4)), BYTES - 4);
    writeSync(this.#file, record, 0, BYTES, 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}
