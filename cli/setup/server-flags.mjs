import { availableParallelism } from 'node:os';

/**
 * How Node runs a server. What a message leaves behind is soon garbage, so a small young generation is collected in
 * a millisecond where the usual one of 16 MB holds everybody up for ten; on one core threads that collect beside the
 * server only take its turns (bench/NOTES.md).
 */
export function serverFlags(cores = availableParallelism()) {
  return ['--max-semi-space-size=4', ...(cores === 1 ? ['--single-threaded-gc'] : [])];
}
