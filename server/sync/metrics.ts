/** What the sockets count; the adapter to Prometheus is server/http/metrics.ts. */
export interface SyncMetrics {
  received(bytes: number): void;
  sent(bytes: number): void;
  /** A socket was closed from here, with this code. */
  closed(code: number): void;
  /** A socket was cut off because it did not take what it was sent. */
  slow(): void;
  /** A frame had to wait for its socket's share. */
  throttled(): void;
  /** From an update's arrival to the moment when it was on disk. */
  durable(seconds: number): void;
}

export const noMetrics: SyncMetrics = {
  received: () => undefined,
  sent: () => undefined,
  closed: () => undefined,
  slow: () => undefined,
  throttled: () => undefined,
  durable: () => undefined,
};
