/** What the HTTP requests of one address may use; time of the thread and messages a second are as sync sockets have. */
export interface RequestLimits {
  /** Not answered yet, those that wait among them; one more is refused. */
  readonly inFlight: number;
  /** Worked on at once; the others wait their turn. What only sends or takes bytes is not being worked on. */
  readonly atOnce: number;
  /** So long one waits for its turn, and is refused then. */
  readonly waitMs: number;
  /** Of answers that have not been taken; beyond it nothing more is answered before some are. */
  readonly unreadBytes: number;
  /** Of JSON that is on its way in. */
  readonly bodyBytes: number;
}

export const requestLimits: RequestLimits = {
  inFlight: 1_000,
  atOnce: 16,
  waitMs: 20_000,
  unreadBytes: 64 * 1024 * 1024,
  bodyBytes: 64 * 1024 * 1024,
};
