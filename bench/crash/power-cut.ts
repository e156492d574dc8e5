import { dirname } from 'node:path';
import type { Random } from '../../src/base/random.ts';
import type { Act } from './trace.ts';

/**
 * What a power cut does to writes that no sync has covered: all are lost; all were there; the first of them are;
 * or any sectors of any of them are.
 */
export const cuts = ['lost', 'there', 'first', 'torn'] as const;
export type Cut = (typeof cuts)[number];

const SECTOR = 512;

/** A file's bytes. Gaps read as what lay on the disk before: nothing, or anything. */
class Contents {
  #bytes = Buffer.alloc(0);
  length = 0;

  write(offset: number, data: Uint8Array, filler: () => number): void {
    const end = offset + data.length;
    if (end > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.length);
      this.#bytes = grown;
    }
    for (let at = this.length; at < offset; at++) this.#bytes[at] = filler();
    this.#bytes.set(data, offset);
    this.length = Math.max(this.length, end);
  }

  truncate(length: number): void {
    if (length > this.length) this.write(length, new Uint8Array(0), () => 0);
    this.length = length;
  }

  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.length));
  }
}

interface File {
  readonly durable: Contents;
  exists: boolean;
  pending: Act[];
}

/** The files as a power cut at a moment may leave them; those that are missing had been removed, or never synced. */
export function afterPowerCut(
  acts: readonly Act[],
  until: bigint,
  cut: Cut,
  random: Random,
): ReadonlyMap<string, Buffer> {
  const files = new Map<string, File>();
  for (const act of acts) {
    if (act.at > until) break;
    if (act.kind === 'synced') settleRemovals(files, act.file);
    let file = files.get(act.file);
    if (file === undefined) {
      file = { durable: new Contents(), exists: false, pending: [] };
      files.set(act.file, file);
    }
    if (act.kind === 'synced') {
      for (const one of file.pending) apply(file, one);
      file.pending = [];
    } else file.pending.push(act);
  }
  for (const file of files.values()) leave(file, cut, random);
  return new Map(
    [...files].filter(([, { exists }]) => exists).map(([name, { durable }]) => [name, durable.take()]),
  );
}

/** Where it is a folder that was synced: what was removed in it stays so. */
function settleRemovals(files: ReadonlyMap<string, File>, folder: string): void {
  for (const [name, file] of files) {
    if (dirname(name) !== folder) continue;
    const last = file.pending.findLastIndex(({ kind }) => kind === 'removed');
    const [removal] = file.pending.slice(last);
    if (last < 0 || removal === undefined) continue;
    apply(file, removal);
    file.pending = file.pending.slice(last + 1);
  }
}

function apply(file: File, act: Act, filler: () => number = () => 0): void {
  if (act.kind === 'removed') file.durable.truncate(0);
  else if (act.kind === 'truncated') file.durable.truncate(act.length);
  else if (act.kind === 'written') file.durable.write(act.offset, act.data, filler);
  file.exists = act.kind !== 'removed';
}

function leave(file: File, cut: Cut, random: Random): void {
  const whole =
    cut === 'there'
      ? file.pending.length
      : cut === 'first'
        ? Math.floor(random.uniform() * file.pending.length)
        : 0;
  const garbage = random.uniform() < 0.5;
  const filler = (): number => (garbage ? random.uint32() & 0xff : 0);
  for (const [index, act] of file.pending.entries()) {
    if (index < whole) apply(file, act);
    else if (cut === 'first' && index === whole && act.kind === 'written') {
      const sectors = Math.floor((random.uniform() * act.data.length) / SECTOR);
      if (sectors > 0) apply(file, { ...act, data: act.data.subarray(0, sectors * SECTOR) }, filler);
    } else if (cut === 'torn') tear(file, act, random, filler);
  }
}

function tear(file: File, act: Act, random: Random, filler: () => number): void {
  if (act.kind !== 'written') {
    if (random.uniform() < 0.5) apply(file, act);
    return;
  }
  // Sectors are the disk's, not the write's.
  for (let at = 0; at < act.data.length; ) {
    const end = Math.min(act.data.length, at + SECTOR - ((act.offset + at) % SECTOR));
    if (random.uniform() < 0.5)
      apply(file, { ...act, offset: act.offset + at, data: act.data.subarray(at, end) }, filler);
    at = end;
  }
}

/** Every content that a file ever had in memory, the newest last: what is never synced may be left as any of them. */
export function versionsOf(acts: readonly Act[], file: string, until: bigint): readonly Buffer[] {
  const contents = new Contents();
  const versions: Buffer[] = [];
  for (const act of acts) {
    if (act.at > until) break;
    if (act.file !== file || act.kind === 'synced') continue;
    if (act.kind === 'written') contents.write(act.offset, act.data, () => 0);
    else contents.truncate(act.kind === 'truncated' ? act.length : 0);
    versions.push(contents.take());
  }
  return versions;
}
