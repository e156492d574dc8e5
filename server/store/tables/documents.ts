import type { Generated } from 'kysely';

/** Binary columns are Yjs updates in V1 format. */
export interface DocumentTables {
  /** One shared document: a text, a project's own, or what the server says about a text. */
  documents: {
    id: Generated<number>;
    project: string;
    path: string;
    /** Which life of the document this is: another one when it begins anew, or another takes its name. */
    generation: number;
  };
  /** The log: `seq` grows in the order of commits and never goes back; it is the log sequence number. */
  updates: { seq: Generated<number>; document: number; data: Uint8Array };
  /** One state in the place of every row of the document's log up to and with `upto`. */
  snapshots: { document: number; data: Uint8Array; upto: Generated<number> };
  /** Facts about the database itself. */
  settings: { key: string; value: string };
}
