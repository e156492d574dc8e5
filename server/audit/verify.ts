import { type AuditEntry, type ChainEnd, EMPTY_CHAIN, hashOfEntry } from './chain.ts';
import type { Head, ReadHeads } from './heads.ts';

export interface Finding {
  readonly kind: 'changed' | 'removed' | 'order' | 'cut' | 'head' | 'unsigned';
  /** The entry that it is about: the first of them, where there are several. */
  readonly seq: number;
  readonly message: string;
}

export interface Verdict {
  readonly entries: number;
  /** Entries up to and with this one stand as they stood when they were signed. */
  readonly signedUpTo: number;
  readonly heads: number;
  /** Something was done to the log. */
  readonly findings: readonly Finding[];
  /** Worth knowing, and no sign of that. */
  readonly notes: readonly string[];
}

/** So many are named; a log that was written anew has as many faults as entries. */
const MAX_FINDINGS = 20;

/** Walks the whole log and holds it against the signed heads; `files` are those of all servers that wrote it. */
export async function verifyAudit(
  entries: AsyncIterable<AuditEntry>,
  files: readonly ReadHeads[],
): Promise<Verdict> {
  const findings: Finding[] = [];
  const notes: string[] = [];
  const found = (kind: Finding['kind'], seq: number, message: string): void => {
    if (findings.length < MAX_FINDINGS) findings.push({ kind, seq, message });
  };
  for (const { faults } of files) for (const fault of faults) found('head', 0, fault);
  const signed = new SignedEnds(files, notes);
  let end: ChainEnd = EMPTY_CHAIN;
  let count = 0;
  let signedUpTo = 0;
  let broken = false;
  for await (const entry of entries) {
    count++;
    const fault = faultOf(entry, end);
    if (fault !== null) found(fault.kind, fault.seq, fault.message);
    const heads = signed.at(entry.seq);
    const other = heads.find(({ hash }) => hash !== entry.hash);
    if (other !== undefined) {
      found(
        'head',
        entry.seq,
        `Entry ${entry.seq} is not the one that was signed ${timeOf(other.at)}: something from ${signedUpTo + 1} to ${entry.seq} was changed, and what follows was written anew`,
      );
    }
    broken ||= fault !== null || other !== undefined;
    if (!broken && heads.length > 0) signedUpTo = entry.seq;
    end = entry;
  }
  const last = signed.last;
  if (last !== null && last.seq > end.seq) {
    found(
      'cut',
      end.seq + 1,
      `The log ends with entry ${end.seq}, and entry ${last.seq} was signed ${timeOf(last.at)}: the last ${last.seq - end.seq} or more were cut off`,
    );
  }
  if (!broken && end.seq > signedUpTo) {
    const what = `Entries ${signedUpTo + 1} to ${end.seq} have not been signed`;
    if (signed.count === 0) found('unsigned', signedUpTo + 1, `${what}, and neither was any other`);
    else notes.push(`${what} yet: nobody could tell if they were cut off`);
  }
  return { entries: count, signedUpTo, heads: signed.count, findings, notes };
}

function faultOf(entry: AuditEntry, end: ChainEnd): Finding | null {
  const { seq } = entry;
  if (seq !== end.seq + 1) {
    const kind = seq > end.seq + 1 ? 'removed' : 'order';
    const first = kind === 'removed' ? end.seq + 1 : seq;
    const missing =
      seq === end.seq + 2 ? `Entry ${first} was removed` : `Entries ${first} to ${seq - 1} were removed`;
    return {
      kind,
      seq: first,
      message: kind === 'removed' ? missing : `Entry ${seq} stands behind entry ${end.seq}`,
    };
  }
  if (entry.hash !== hashOfEntry(entry)) {
    return { kind: 'changed', seq, message: `Entry ${seq} (${timeOf(entry.at)}) was changed` };
  }
  if (entry.previous !== end.hash) {
    const message = `Entry ${seq} does not follow the entry before it: one of the two was exchanged`;
    return { kind: 'order', seq, message };
  }
  return null;
}

/** What has been signed and still counts: a restore, signed too, puts the heads of what it undid out of force. */
class SignedEnds {
  readonly count: number;
  readonly last: Head | null;
  readonly #heads = new Map<number, Head[]>();

  constructor(files: readonly ReadHeads[], notes: string[]) {
    let count = 0;
    let last: Head | null = null;
    for (const { heads } of files) {
      count += heads.length;
      const standing: Head[] = [];
      for (const head of heads) {
        if (head.kind === 'restored') {
          const undone = standing.at(-1)?.seq ?? 0;
          while ((standing.at(-1)?.seq ?? 0) > head.seq) standing.pop();
          const what = undone > head.seq ? `: entries ${head.seq + 1} to ${undone} went with it` : '';
          notes.push(`A backup that ends with entry ${head.seq} was restored ${timeOf(head.at)}${what}`);
        }
        standing.push(head);
      }
      for (const head of standing) {
        if (last === null || head.seq > last.seq) last = head;
        this.#heads.set(head.seq, [...(this.#heads.get(head.seq) ?? []), head]);
      }
    }
    this.count = count;
    this.last = last;
  }

  at(seq: number): readonly Head[] {
    return this.#heads.get(seq) ?? [];
  }
}

function timeOf(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'at no time' : date.toISOString();
}
