/** One thing that somebody did, or was not allowed to do. */
export interface AuditLine {
  readonly actor: string;
  readonly name?: string | null;
  readonly action: string;
  readonly target?: string;
  /** Left out: done. */
  readonly outcome?: string;
  readonly workspace?: string | null;
  /** Whose workspace it was in, where the caller does not know. */
  readonly project?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** The actor of whom nothing is known. */
export const STRANGER = 'nobody';
