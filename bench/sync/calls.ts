import type { EngineName } from './wire.ts';

/** Quantiles in milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface JoinRequest {
  readonly kind: 'join';
  readonly engine: EngineName;
  readonly port: number;
  readonly connections: number;
  readonly rooms: number;
  /** Begins the names of the rooms. */
  readonly prefix: string;
  readonly joinsPerSecond: number;
}

export interface TypeRequest {
  readonly kind: 'type';
  readonly updatesPerSecond: number;
  readonly seconds: number;
}

/** What the load generator is asked to do; answers come in order. */
export type LoadRequest = JoinRequest | TypeRequest | { readonly kind: 'leave' };

export interface Typed {
  readonly broadcast_ms: Spread;
  readonly ack_ms: Spread;
  readonly updates: number;
  /** What should have been heard, and was not within the grace. */
  readonly missing: number;
  /** How late the generator itself was with sending, at the 99th percentile. */
  readonly late_ms: number;
}

export type LoadAnswer =
  | { readonly kind: 'joined'; readonly join_ms: Spread }
  | ({ readonly kind: 'typed' } & Typed)
  | { readonly kind: 'left' }
  | { readonly kind: 'failed'; readonly why: string };

export interface Vitals {
  readonly rss: number;
  /** The main thread's heap and what it holds outside. */
  readonly used: number;
  /** Of all threads: up to the question, and from the answer on, without the collection in between. */
  readonly cpu_until_ms: number;
  readonly cpu_from_ms: number;
}
