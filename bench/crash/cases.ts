import type { Random } from '../../src/base/random.ts';
import { afterPowerCut, cuts, versionsOf } from './power-cut.ts';
import type { Act } from './trace.ts';

export const kinds = ['power cut', 'older state', 'put back', 'lying disk'] as const;

/** Files as they may be found after a disaster. */
export interface Case {
  readonly kind: (typeof kinds)[number];
  /** In words, for a failure. */
  readonly what: string;
  readonly files: ReadonlyMap<string, Buffer>;
  /** Put back into the very file that the server had, or as a new one (as a restored backup is). */
  readonly inPlace: boolean;
  /** Somebody copied it there, which the system notes; else it is found as the disk has it. */
  readonly byHand: boolean;
  /** Others write before those come back who know of more, until the log is longer than it was. */
  readonly othersFirst: boolean;
  /** What was promised up to here counts, by the monotonic clock. */
  readonly until: bigint;
}

export interface Traced {
  readonly acts: readonly Act[];
  readonly database: string;
  readonly watermark: string;
  /** When the first promise came. */
  readonly from: bigint;
  readonly end: bigint;
}

export function makeCase(kind: Case['kind'], traced: Traced, random: Random): Case {
  if (kind === 'power cut') return powerCut(traced, random);
  if (kind === 'put back') return folderPutBack(traced, random);
  return kind === 'older state' ? olderState(traced, random) : lyingDisk(traced, random);
}

const asFound = { inPlace: true, byHand: false, othersFirst: false } as const;

/** Everything that was synced is there; of what was not, anything. */
function powerCut(traced: Traced, random: Random): Case {
  const until = random.uniform() < 0.3 ? traced.end : between(traced.from, traced.end, random);
  const cut = random.pick(cuts);
  const { files, mark } = state(
    traced,
    until,
    cut,
    random,
    random.pick(['newest', 'older', 'missing', 'torn']),
  );
  return {
    kind: 'power cut',
    what: `unsynced writes ${cut}, watermark ${mark}`,
    files,
    ...asFound,
    until,
  };
}

/** A whole state of before, while its clients know of more. */
function olderState(traced: Traced, random: Random): Case {
  const then = between(traced.from, traced.end, random);
  const inPlace = random.uniform() < 0.5;
  const wish = random.pick(['newest', 'older', 'of now'] as const);
  const { files, mark } = state(traced, then, 'lost', random, wish);
  const byHand = !inPlace || random.uniform() < 0.5;
  const how = inPlace ? (byHand ? 'copied into place' : 'a disk that was turned back') : 'as a new file';
  const what = `${how}, watermark ${mark}`;
  return { kind: 'older state', what, files, inPlace, byHand, othersFirst: false, until: traced.end };
}

/** The folder as it was, mark and all, copied into its place; and nobody who knows of more is there for a while. */
function folderPutBack(traced: Traced, random: Random): Case {
  const then = between(traced.from, traced.end, random);
  const { files } = state(traced, then, 'lost', random, 'newest');
  const what = 'with its own watermark, and others wrote';
  return {
    kind: 'put back',
    what,
    files,
    inPlace: true,
    byHand: true,
    othersFirst: true,
    until: traced.end,
  };
}

/**
 * The disk has forgotten the end of the log, or a part of it, that it had said to hold. Only where nothing of this
 * log has gone into the database yet: beyond that no database can notice.
 */
function lyingDisk(traced: Traced, random: Random): Case {
  const { acts, database } = traced;
  const log = `${database}-wal`;
  const spans: { readonly first: number; readonly end: number }[] = [];
  let first: number | null = null;
  for (const [index, act] of acts.entries()) {
    if (act.kind !== 'written') continue;
    if (act.file === log && act.offset === 0) first ??= index;
    if (act.file !== database || first === null) continue;
    spans.push({ first, end: index });
    first = null;
  }
  if (first !== null) spans.push({ first, end: acts.length });
  const { first: low, end: high } = random.pick(spans.filter((span) => span.end - span.first > 20));
  const until = acts[Math.floor((low + high + random.uniform() * (high - low)) / 2)]?.at ?? traced.end;
  const { files, mark } = state(traced, until, 'there', random, random.pick(['newest', 'older', 'of now']));
  const whole = files.get(log) ?? Buffer.alloc(0);
  const at = random.below(whole.length);
  const cut = random.uniform() < 0.5;
  const damaged = cut
    ? whole.subarray(0, at)
    : Buffer.concat([
        whole.subarray(0, at),
        Buffer.alloc(Math.min(4096, whole.length - at)),
        whole.subarray(at + 4096),
      ]);
  const what = `log ${cut ? 'cut off' : 'zeroed'} at ${at} of ${whole.length}, watermark ${mark}`;
  return { kind: 'lying disk', what, files: new Map(files).set(log, damaged), ...asFound, until };
}

function state(
  traced: Traced,
  until: bigint,
  cut: (typeof cuts)[number],
  random: Random,
  wish: 'newest' | 'older' | 'missing' | 'torn' | 'of now',
): { readonly files: ReadonlyMap<string, Buffer>; readonly mark: string } {
  const { acts, database, watermark, end } = traced;
  const left = afterPowerCut(acts, until, cut, random);
  const files = new Map([...left].filter(([name]) => name.startsWith(database)));
  // Never synced: any version may be left, or none, or a part.
  const versions = versionsOf(acts, watermark, wish === 'of now' ? end : until);
  const version = wish === 'older' ? versions[random.below(versions.length)] : versions.at(-1);
  if (version === undefined || wish === 'missing') return { files, mark: 'missing' };
  files.set(watermark, wish === 'torn' ? version.subarray(0, random.below(version.length)) : version);
  return { files, mark: wish };
}

function between(from: bigint, end: bigint, random: Random): bigint {
  return from + BigInt(Math.floor(random.uniform() * Number(end - from)));
}
