import { createSHA256 } from 'hash-wasm';
import type { Hasher } from '../domain/artifacts/ports.ts';

/** SHA-256 in WASM, the same in browsers, workers and Node; incremental, which WebCrypto is not. */
export const hasher: Hasher = {
  async sha256() {
    const state = await createSHA256();
    state.init();
    return {
      update: (bytes) => void state.update(bytes),
      digest: () => state.digest('hex'),
    };
  },
};
