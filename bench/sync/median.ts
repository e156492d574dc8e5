import { quantile } from '../quantile.ts';
import type { Spread } from './calls.ts';
import type { Measured } from './measure.ts';

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Of rounds of one engine under one load: each figure is the median of the rounds'. */
export function medianOf(rounds: readonly Measured[]): Measured {
  const [first] = rounds;
  if (first === undefined) throw new Error('There was a round');
  const of = (figure: (one: Measured) => number): number => median(rounds.map(figure));
  const spread = (part: (one: Measured) => Spread): Spread => ({
    p50: of((one) => part(one).p50),
    p95: of((one) => part(one).p95),
    p99: of((one) => part(one).p99),
  });
  return {
    ...first,
    join_ms: spread((one) => one.join_ms),
    broadcast_ms: spread((one) => one.broadcast_ms),
    ack_ms: spread((one) => one.ack_ms),
    bytes_per_document: of((one) => one.bytes_per_document),
    rss_per_document: of((one) => one.rss_per_document),
    cpu_us_per_join: of((one) => one.cpu_us_per_join),
    cpu_us_per_update: of((one) => one.cpu_us_per_update),
    rounds: rounds.length,
    missing: Math.max(...rounds.map((one) => one.missing)),
    late_ms: of((one) => one.late_ms),
  };
}
