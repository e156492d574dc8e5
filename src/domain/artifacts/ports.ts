/**
 * Artifacts are bytes named by their sha256: data, models, whatever a project shares besides text.
 * Errors of all of these are ANN-STO.
 */

/** 64 lower-case hexadecimal digits. */
export type Sha256 = string;

/** Bytes in pieces of any length. */
export type ByteStream = AsyncIterable<Uint8Array<ArrayBuffer>>;

export interface StoredArtifact {
  readonly sha256: Sha256;
  readonly bytes: number;
}

/** Where artifacts lie on this machine. Adapters (OPFS, node files) pass one acceptance suite. */
export interface ArtifactStore {
  /**
   * Streams bytes in; they are there under their hash once all have come, or not at all. Throws
   * ANN-STO-003 when `expected` is another hash, ANN-STO-001 when storage is full.
   */
  put(bytes: ByteStream, expected?: Sha256): Promise<StoredArtifact>;
  /** Null where there is none. */
  stat(sha256: Sha256): Promise<StoredArtifact | null>;
  /** Null where there is none; verified while it is read: throws ANN-STO-003 at its end when damaged. */
  open(sha256: Sha256): Promise<ByteStream | null>;
  /** Bytes [begin, end), not verified: a part has no hash. Throws ANN-STO-004 where there is no such artifact. */
  read(sha256: Sha256, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  list(): Promise<readonly StoredArtifact[]>;
  remove(sha256: Sha256): Promise<void>;
}

/** Computes hashes; the digest is lower-case hexadecimal. */
export interface Hasher {
  sha256(): Promise<{ update(bytes: Uint8Array): void; digest(): string }>;
}

/** Where other people's artifacts come from and ours go to: the server. */
export interface RemoteArtifacts {
  has(sha256: Sha256): Promise<boolean>;
  /** Null when the server has none either. */
  download(
    sha256: Sha256,
    signal?: Abort,
  ): Promise<{ readonly bytes: number | null; readonly stream: ByteStream } | null>;
  upload(artifact: StoredArtifact, stream: ByteStream, signal?: Abort): Promise<void>;
}

/** The shared map of a project's document: path -> what lies there. */
export interface ProjectFiles {
  get(path: string): StoredArtifact | null;
  entries(): ReadonlyMap<string, StoredArtifact>;
  set(path: string, artifact: StoredArtifact): void;
  remove(path: string): void;
  /** Calls back after every change, by whomever; returns what ends it. */
  observe(listener: () => void): () => void;
}

/** As much of an AbortSignal as a port needs, so that the pure folders need no DOM. */
export interface Abort {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
