import type { AnnealError } from '../base/error.ts';

/** No server is waited for longer than this because it says so. */
const MOST_SECONDS = 300;

/** How long whoever refused something wants to be left alone; 0 where he does not say. */
export function retryAfterMs({ data }: AnnealError): number {
  const seconds = data?.retryAfterSeconds;
  return typeof seconds === 'number' && seconds > 0 ? Math.min(seconds, MOST_SECONDS) * 1000 : 0;
}
