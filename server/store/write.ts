export interface DocumentName {
  readonly project: string;
  readonly path: string;
}

/** What goes into one commit together with whatever else is waiting: all of it happens, or none. */
export type Write =
  | (DocumentName & { readonly kind: 'append'; readonly data: Uint8Array })
  /** The first state of a document that has none. */
  | (DocumentName & { readonly kind: 'seed'; readonly data: Uint8Array })
  | (DocumentName & { readonly kind: 'rename'; readonly to: string })
  | (DocumentName & { readonly kind: 'purge' });

export interface Written {
  /** Log sequence number: everything in the log up to and with it is on disk. */
  readonly lsn: number;
}

/** A document's first state, made by the caller. */
export interface Seed {
  readonly path: string;
  readonly data: Uint8Array;
}
