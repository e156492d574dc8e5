import { randomBytes } from 'node:crypto';

/** What the watermark file says was on disk. */
export interface Mark {
  readonly epoch: number;
  readonly lsn: number;
  /** Of the database that it speaks of: the inode of its file, or the cluster's own number. */
  readonly identity: bigint;
  /** Its file was changed at another time than it says: somebody has put it there. */
  readonly moved: boolean;
}

export interface Found {
  /** The epoch that the database holds; null for a new one, and for one of a version that had none. */
  readonly epoch: number | null;
  /** The last number that the log gave out. */
  readonly lsn: number;
  readonly identity: bigint;
}

/**
 * Whether the log still holds all that was ever acknowledged. The mark is written after a commit and before
 * anybody is told of it: a log that ends before its mark has lost something, a mark of another file says that
 * this one was put there, and where the mark cannot be read nobody knows. An older mark is no fault: it is
 * forced to disk a moment later, and the power may have failed.
 */
export function isIntact(found: Found, mark: Mark | null): boolean {
  if (found.epoch === null) return false;
  if (mark === null) return found.lsn === 0;
  return mark.epoch === found.epoch && mark.identity === found.identity && mark.lsn <= found.lsn;
}

/** A random one: a database that was put back never takes up one that its clients know from elsewhere. */
export function newEpoch(except: readonly (number | null | undefined)[]): number {
  for (;;) {
    const epoch = randomBytes(4).readUInt32LE();
    if (epoch !== 0 && !except.includes(epoch)) return epoch;
  }
}
