import { hash32, Random } from '../../base/random.ts';
import { trainingErrors } from './errors.ts';

/**
 * The order in which the training part is read: a pure function of the seed and the number of the
 * sequence, so the data cursor of a checkpoint is one number. An epoch cuts the text into neighbouring
 * blocks of the context's length, from a start that is drawn anew for each epoch (else the model would
 * meet each text only at the same positions), and visits each block once, in a permuted order.
 */
export interface DataOrder {
  readonly sequencesPerEpoch: number;
  /** Where sequence `index` (from 0, without end) starts in the training part; it reads context + 1 tokens. */
  start(index: number): number;
}

/** Sequences that an epoch of `tokens` tokens has. Each needs one token more than `context`, its last label. */
export function sequencesPerEpoch(tokens: number, context: number): number {
  if (tokens <= context) return 0;
  // One block is given up, so that any start in [0, context) leaves the same number of blocks.
  return Math.max(1, Math.floor((tokens - context) / context));
}

/** Throws ANN-TRN-001 where the data does not fill one sequence. */
export function createDataOrder(options: {
  readonly seed: number;
  readonly tokens: number;
  readonly context: number;
}): DataOrder {
  const { seed, tokens, context } = options;
  const count = sequencesPerEpoch(tokens, context);
  if (count === 0) {
    throw trainingErrors.dataTooShort({
      message: `The training part has ${tokens} tokens; one sequence of context ${context} needs ${context + 1}.`,
      where: 'data.source',
      data: { tokens, context },
    });
  }
  const starts = Math.min(context, tokens - count * context);
  let cached = { epoch: -1, phase: 0, keys: [0] as readonly number[] };

  function epochOf(epoch: number): typeof cached {
    if (cached.epoch !== epoch) {
      const phase = new Random(hash32(seed, epoch, 0x0f)).below(starts);
      const keys = Array.from({ length: ROUNDS }, (_, round) => hash32(seed, epoch, 0x10 + round));
      cached = { epoch, phase, keys };
    }
    return cached;
  }

  return {
    sequencesPerEpoch: count,
    start(index: number): number {
      const { phase, keys } = epochOf(Math.floor(index / count));
      return phase + permute(index % count, count, keys) * context;
    },
  };
}

const ROUNDS = 6;

/**
 * A permutation of [0, n) in constant time: a Feistel network over the next power of 4, walked along its
 * cycle until it lands inside (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
 */
function permute(index: number, n: number, keys: readonly number[]): number {
  const halfBits = Math.max(1, Math.ceil(Math.log2(n) / 2));
  const half = 2 ** halfBits;
  let x = index;
  do {
    let left = Math.floor(x / half);
    let right = x % half;
    for (const key of keys) {
      const mixed = hash32(key, right) % half;
      [left, right] = [right, (left ^ mixed) >>> 0];
    }
    x = left * half + right;
  } while (x >= n);
  return x;
}
