/**
 * Where checkpoints go. A store keeps named blobs per run; `put` is atomic: a kill at any byte leaves
 * what was there before. Adapters (OPFS, node files, memory) pass one acceptance suite.
 */
export interface CheckpointStore {
  /** Throws ANN-STO errors: out of storage, no permission. */
  put(run: string, name: string, bytes: Uint8Array): Promise<void>;
  /** Null when there is none or what is there is not whole. */
  get(run: string, name: string): Promise<Uint8Array | null>;
  list(run: string): Promise<readonly { readonly name: string; readonly bytes: number }[]>;
  remove(run: string, name?: string): Promise<void>;
}
