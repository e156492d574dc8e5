/** A folder of files that are read as needed: a picked folder, a zip, an artifact, a directory on disk. */
export interface FolderFiles {
  readonly names: readonly string[];
  /** Bytes of the file. Called only with one of `names`. */
  size(name: string): Promise<number>;
  /** Bytes [begin, end) of the file. */
  read(name: string, begin: number, end: number): Promise<Uint8Array>;
}

/** Files that are in memory already. */
export function memoryFolder(files: ReadonlyMap<string, Uint8Array>): FolderFiles {
  const get = (name: string): Uint8Array => files.get(name) ?? new Uint8Array(0);
  return {
    names: [...files.keys()],
    async size(name) {
      return get(name).byteLength;
    },
    async read(name, begin, end) {
      return get(name).subarray(begin, end);
    },
  };
}
