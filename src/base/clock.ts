/** Time, passed in, so that what depends on it can be tested without waiting. */
export interface Clock {
  /** Wall-clock time, milliseconds since 1970 UTC. */
  now(): number;
  /** Monotonic milliseconds from an arbitrary start, for durations. */
  elapsed(): number;
}
