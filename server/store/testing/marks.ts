import { isWhole, stamp } from '../watermark.ts';

/** The bytes of a mark as a power cut leaves them: nobody has put them where they are. */
export function asUntouched(record: Buffer): Buffer {
  return stamped(record, Date.now());
}

/** The bytes of a mark that somebody kept for an hour before he put them back. */
export function longAgo(record: Buffer): Buffer {
  return stamped(record, Date.now() - 3_600_000);
}

function stamped(record: Buffer, at: number): Buffer {
  return isWhole(record) ? stamp(Buffer.from(record), at) : record;
}
