import type { ErrorFacts } from '../../src/base/error.ts';
import type { Standing } from './requests/access.ts';

export interface DocumentName {
  readonly project: string;
  readonly path: string;
}

/**
 * Which life of a document the writer has in memory. Another number in the database says that it has begun anew,
 * or that another document has its name now: then nothing is written (documentReplaced).
 */
export interface Generation {
  readonly generation: number;
}

/** What goes into one commit together with whatever else is waiting: all of it happens, or none. */
export type Write =
  | (DocumentName &
      Generation & {
        readonly kind: 'append';
        readonly data: Uint8Array;
        /** Makes the document where there is none: for who found nothing there, in his first write. */
        readonly creates: boolean;
      })
  /** The first state of a document that has none. */
  | (DocumentName & { readonly kind: 'seed'; readonly data: Uint8Array })
  /** Begins a document anew with this state; refused where it has rows behind `upto`, which the state lacks. */
  | (DocumentName &
      Generation & {
        readonly kind: 'rotate';
        readonly data: Uint8Array;
        readonly next: number;
        readonly upto: number;
      })
  /** What a suggestion, or a text, becomes is decided in this commit; refused where another decides by now. */
  | (DocumentName & { readonly kind: 'decide'; readonly suggestion: string; readonly token: string })
  /** Somebody names artifacts in this document: see tables/artifacts.ts. Nothing where he sees the workspace. */
  | (DocumentName & {
      readonly kind: 'claim';
      readonly hashes: readonly string[];
      readonly who: Standing;
      readonly now: number;
    })
  | (DocumentName & { readonly kind: 'rename'; readonly to: string })
  | (DocumentName & { readonly kind: 'purge' });

export interface Written {
  /** Log sequence number: everything in the log up to and with it is on disk. */
  readonly lsn: number;
}

/** What belongs together: where the document of one write has been replaced, none of them is made. */
export type WriteUnit = readonly Write[];

/** A unit that cannot be written by its own fault, whatever else is in the commit. */
export interface FailedUnit {
  readonly index: number;
  readonly why: ErrorFacts;
}

/** What became of a commit. */
export interface Committed extends Written {
  /** Indices of the units of which nothing was written, as a document was replaced. */
  readonly replaced: readonly number[];
  /** Nothing was written of these either. */
  readonly failed: readonly FailedUnit[];
}

/** Whatever takes writes: the store, or a unit that is being put together. */
export interface Writer {
  write(...unit: WriteUnit): Promise<Written>;
}

/** A document's first state, made by the caller. */
export interface Seed {
  readonly path: string;
  readonly data: Uint8Array;
}
