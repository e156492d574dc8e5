const PIECE_BYTES = 256 * 1024;

/**
 * Writes bytes a piece at a time. Chromium sends them to the file through a pipe, which it closes as soon as they
 * find no room: of many at once the writer then hears that the pipe broke, and not why.
 */
export async function writePieces(stream: FileSystemWritableFileStream, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES)
    await stream.write(bytes.subarray(at, at + PIECE_BYTES) as Uint8Array<ArrayBuffer>);
}
