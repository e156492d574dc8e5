import { createHash } from 'node:crypto';

/** What an audit line says. */
export interface AuditFacts {
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  /** Null: the server itself, or somebody who is in none. */
  readonly workspace: string | null;
  /** `user:<id>`, `key:<id>`, `share:<id>`, `local:local`, `server`, or `nobody`. */
  readonly actor: string;
  /** What the actor was called at that time. */
  readonly name: string | null;
  /** An operation of the HTTP interface, or one of the server's own words such as `server.started`. */
  readonly action: string;
  readonly target: string;
  /** `done`, or the code of the error that it ended with. */
  readonly outcome: string;
  /** JSON. */
  readonly detail: string;
}

export interface AuditEntry extends AuditFacts {
  /** 1, 2, 3, ... without a gap. */
  readonly seq: number;
  /** Hash of the entry before. */
  readonly previous: string;
  readonly hash: string;
}

/** Where the chain stands. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
}

export const EMPTY_CHAIN: ChainEnd = { seq: 0, hash: '0'.repeat(64) };

/** SHA-256 of all fields, in hexadecimal: the JSON array of them is the same on every machine. */
export function hashOfEntry(entry: Omit<AuditEntry, 'hash'>): string {
  const { seq, at, workspace, actor, name, action, target, outcome, detail, previous } = entry;
  const fields = [seq, at, workspace, actor, name, action, target, outcome, detail, previous];
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}

export function nextEntry(end: ChainEnd, facts: AuditFacts): AuditEntry {
  const { at, workspace, actor, name, action, target, outcome, detail } = facts;
  const entry = {
    ...{ seq: end.seq + 1, at, workspace, actor, name, action, target, outcome, detail },
    previous: end.hash,
  };
  return { ...entry, hash: hashOfEntry(entry) };
}
