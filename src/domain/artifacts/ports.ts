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

/** Bytes that can be read from any place, as often as one likes; a Blob is one. */
export interface ByteSource {
  readonly size: number;
  /** Bytes [begin, end). */
  slice(begin: number, end: number): ByteSource;
  arrayBuffer(): Promise<ArrayBuffer>;
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
  /** Null where there is none; not verified. For those who begin in the middle, such as an upload that was cut. */
  source(sha256: Sha256): Promise<ByteSource | null>;
  list(): Promise<readonly StoredArtifact[]>;
  remove(sha256: Sha256): Promise<void>;
  /** Removes what bytes left behind whose writer was killed. Resolves with how many there were. */
  sweep(): Promise<number>;
}

/** Computes hashes; the digest is lower-case hexadecimal. */
export interface Hasher {
  sha256(): Promise<{ update(bytes: Uint8Array): void; digest(): string }>;
}

/** Whose artifacts: those of the project's workspace; left out: of the workspace that one works in. */
export interface RemoteOptions {
  readonly project?: string | undefined;
  readonly signal?: Abort | undefined;
}

/** Where other people's artifacts come from and ours go to: the server. Errors are those of its client. */
export interface RemoteArtifacts {
  has(sha256: Sha256, options?: RemoteOptions): Promise<boolean>;
  /** Null when the server has none either. */
  download(
    sha256: Sha256,
    options?: RemoteOptions,
  ): Promise<{ readonly bytes: number | null; readonly stream: ByteStream } | null>;
  /** Goes on with what was sent before, by whomever. */
  upload(
    artifact: StoredArtifact,
    source: ByteSource,
    options?: RemoteOptions & { readonly onProgress?: (done: number) => void },
  ): Promise<void>;
  /** Says what a run refers to, so that the server keeps it; nothing: it refers to nothing any more. */
  hold(project: string, holder: string, hashes: readonly Sha256[]): Promise<void>;
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
