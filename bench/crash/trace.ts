const HEADER = 40;
const kinds = { 1: 'named', 2: 'written', 3: 'truncated', 4: 'synced', 5: 'removed' } as const;

/** One thing that a process did to a file; `at` is in nanoseconds of the monotonic clock. */
export type Act = { readonly file: string; readonly at: bigint } & (
  | { readonly kind: 'written'; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncated'; readonly length: number }
  | { readonly kind: 'synced' | 'removed' }
);

/** Reads what recorder.c wrote. The process was killed: the last record may be a part of one. */
export function readTrace(bytes: Buffer): Act[] {
  const names = new Map<number, string>();
  const acts: Act[] = [];
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const kind = kinds[bytes.readUInt32LE(at) as keyof typeof kinds];
    const number = bytes.readUInt32LE(at + 4);
    const offset = Number(bytes.readBigUInt64LE(at + 8));
    const length = Number(bytes.readBigUInt64LE(at + 16));
    const when = bytes.readBigUInt64LE(at + 24);
    at += HEADER;
    if (at + length > bytes.length) break;
    const data = bytes.subarray(at, at + length);
    at += length;
    if (kind === undefined) throw new Error('The trace holds a record of no kind');
    if (kind === 'named') {
      names.set(number, data.toString('utf8'));
      continue;
    }
    const file = names.get(number);
    if (file === undefined) throw new Error('The trace speaks of a file before it is named');
    if (kind === 'written') acts.push({ kind, file, at: when, offset, data });
    else if (kind === 'truncated') acts.push({ kind, file, at: when, length: offset });
    else acts.push({ kind, file, at: when });
  }
  return acts;
}
