import { Unzip, UnzipInflate, Zip, ZipDeflate, ZipPassThrough } from 'fflate';
import type { ByteStream } from '../../domain/artifacts/ports.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import type { ModelFile } from '../../domain/runs/ports.ts';

/** Weights do not get smaller by deflating; text does. */
const INCOMPRESSIBLE = /\.safetensors$/;

/** A zip of the files, in pieces; file after file, so that the whole is never there twice. */
export function* zipped(files: Iterable<ModelFile>): Generator<Uint8Array<ArrayBuffer>> {
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  const zip = new Zip((error, piece) => {
    if (error) throw error;
    pieces.push(piece as Uint8Array<ArrayBuffer>);
  });
  for (const { path, bytes } of files) {
    const entry = INCOMPRESSIBLE.test(path) ? new ZipPassThrough(path) : new ZipDeflate(path, { level: 6 });
    entry.mtime = EPOCH; // same files, same zip
    zip.add(entry);
    entry.push(bytes, true);
    yield* pieces;
    pieces = [];
  }
  zip.end();
  yield* pieces;
}

/** The earliest moment that a zip can name. */
const EPOCH = new Date(1980, 0, 1);

export interface UnzipLimits {
  readonly files: number;
  /** Unpacked, in all. */
  readonly bytes: number;
}

/** Unpacks file after file. Throws ANN-RUN-013 where it is no zip, is cut short, or unpacks to more than the limits. */
export async function* unzipped(
  stream: ByteStream,
  limits: UnzipLimits = { files: 1000, bytes: 4 * 2 ** 30 },
): AsyncGenerator<ModelFile> {
  const done: ModelFile[] = [];
  let open = 0;
  let files = 0;
  let total = 0;
  let end: Uint8Array = new Uint8Array();
  const unzip = new Unzip((file) => {
    if (file.name.endsWith('/')) return;
    files++;
    open++;
    if (files > limits.files) throw refuse(`it holds more than ${limits.files} files`);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    file.ondata = (error, piece, final) => {
      if (error) throw refuse(error.message, error);
      total += piece.byteLength;
      if (total > limits.bytes) throw refuse(`it unpacks to more than ${limits.bytes / 2 ** 30} GiB`);
      pieces.push(piece as Uint8Array<ArrayBuffer>);
      if (!final) return;
      open--;
      done.push({ path: file.name, bytes: joined(pieces) });
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  try {
    for await (const piece of stream) {
      unzip.push(piece);
      end = tail(end, piece);
      yield* done.splice(0);
    }
    unzip.push(new Uint8Array(), true);
  } catch (thrown) {
    throw refuse(thrown instanceof Error ? thrown.message : String(thrown), thrown);
  }
  yield* done.splice(0);
  if (files === 0) throw refuse('there is no file in it');
  if (open > 0 || !hasDirectory(end)) throw refuse('it is cut short');
}

/** A zip ends with its directory's end record, at most 22 bytes and a comment from the end. */
const END_RECORD = 22;
const COMMENT = 0xffff;

function tail(before: Uint8Array, piece: Uint8Array): Uint8Array {
  if (piece.byteLength >= END_RECORD + COMMENT) return piece.slice(-(END_RECORD + COMMENT));
  const both = new Uint8Array(before.byteLength + piece.byteLength);
  both.set(before);
  both.set(piece, before.byteLength);
  return both.slice(-(END_RECORD + COMMENT));
}

function hasDirectory(end: Uint8Array): boolean {
  for (let i = end.byteLength - END_RECORD; i >= 0; i--) {
    if (end[i] === 0x50 && end[i + 1] === 0x4b && end[i + 2] === 5 && end[i + 3] === 6) return true;
  }
  return false;
}

function joined(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  const all = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.byteLength;
  }
  return all;
}

function refuse(why: string, cause?: unknown): Error {
  if (cause instanceof Error && 'code' in cause && cause.code === runErrors.notAModel.code) return cause;
  return runErrors.notAModel({ message: `This zip cannot be read: ${why}`, cause });
}
