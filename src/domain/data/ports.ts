import type { Hasher } from '../artifacts/ports.ts';

/** What preparing data needs from outside. */
export interface DataPorts {
  readonly hasher: Hasher;
  /** From 0 to 1, while a tokenizer is trained. */
  readonly onProgress?: (done: number) => void;
  /** True ends the preparation with ANN-TOK-006. */
  readonly shouldStop?: () => boolean;
  /** Awaited now and then, so that a worker can take up messages. */
  readonly pause?: () => Promise<void>;
}
