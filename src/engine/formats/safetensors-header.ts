import { DTYPE_BYTES, isDType, type SafetensorsDType } from './dtypes.ts';
import { formatErrors } from './errors.ts';
import { type JsonNode, parseJsonBytes } from './json-bytes.ts';

/** The reference reader's limit. */
export const MAX_HEADER_BYTES = 100_000_000;

export interface TensorEntry {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  /** Bytes from the start of the file: [begin, end). */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of the file's bytes. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

function at(position: number): { readonly where: string; readonly data: { readonly position: number } } {
  return { where: `byte ${position}`, data: { position } };
}

/** How many bytes the header takes with its length word; reads the first 8 bytes. Throws ANN-FMT-001, 002. */
export function headerBytes(head: Uint8Array, fileBytes: number): number {
  if (head.byteLength < 8 || fileBytes < 8) {
    throw formatErrors.truncated({
      message: `A safetensors file starts with 8 bytes of length; this one has ${Math.min(head.byteLength, fileBytes)} bytes.`,
      ...at(0),
    });
  }
  const view = new DataView(head.buffer, head.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > MAX_HEADER_BYTES) {
    throw formatErrors.headerTooLarge({
      message: `The header is said to have ${length} bytes; at most ${MAX_HEADER_BYTES} are allowed.`,
      ...at(0),
    });
  }
  if (8 + length > fileBytes) {
    throw formatErrors.truncated({
      message: `The header ends at byte ${8 + length}, but the file has ${fileBytes} bytes.`,
      ...at(fileBytes),
    });
  }
  return 8 + length;
}

/**
 * Parses and checks the header of a file of `fileBytes` bytes; `head` holds at least the first
 * `headerBytes(...)` of it. Throws ANN-FMT errors with `data.position`.
 */
export function parseHeader(head: Uint8Array, fileBytes: number): SafetensorsHeader {
  const dataStart = headerBytes(head, fileBytes);
  if (head.byteLength < dataStart) {
    throw formatErrors.truncated({
      message: `The header needs ${dataStart} bytes; ${head.byteLength} were read.`,
      ...at(head.byteLength),
    });
  }
  if (head[8] !== 0x7b || dataStart === 8) {
    throw formatErrors.badJson({ message: 'The header does not start with {.', ...at(8) });
  }
  const root = parseJsonBytes(head.subarray(8, dataStart), 8);
  const metadata = new Map<string, string>();
  const entries: TensorEntry[] = [];
  if (root.kind === 'object') {
    for (const [name, node] of root.entries) {
      if (name === '__metadata__') readMetadata(node, metadata);
      else entries.push(readEntry(name, node, dataStart));
    }
  }
  // By end too: an empty tensor lies before the one that starts where it does.
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let expected = dataStart;
  for (const { name, begin, end } of entries) {
    if (begin !== expected) {
      throw formatErrors.badOffsets({
        message: `${name} starts at byte ${begin}, but the tensor before it ends at byte ${expected}.`,
        ...at(begin),
      });
    }
    expected = end;
  }
  if (expected > fileBytes) {
    throw formatErrors.truncated({
      message: `The tensors end at byte ${expected}, but the file has ${fileBytes} bytes.`,
      ...at(fileBytes),
    });
  }
  if (expected < fileBytes) {
    throw formatErrors.trailingBytes({
      message: `The tensors end at byte ${expected}, but the file has ${fileBytes} bytes.`,
      ...at(expected),
    });
  }
  return { metadata, tensors: new Map(entries.map((entry) => [entry.name, entry])) };
}

function readMetadata(node: JsonNode, into: Map<string, string>): void {
  if (node.kind !== 'object') {
    throw formatErrors.badMetadata({ message: '__metadata__ is not an object.', ...at(8 + node.at) });
  }
  for (const [key, value] of node.entries) {
    if (value.kind !== 'string') {
      throw formatErrors.badMetadata({
        message: `The metadata value of ${JSON.stringify(key)} is not a text.`,
        ...at(8 + value.at),
      });
    }
    into.set(key, value.value);
  }
}

function readEntry(name: string, node: JsonNode, dataStart: number): TensorEntry {
  function fail(message: string, where: JsonNode = node): never {
    throw formatErrors.badJson({
      message: `Tensor ${JSON.stringify(name)}: ${message}.`,
      ...at(8 + where.at),
    });
  }
  function whole(item: JsonNode, what: string): number {
    if (item.kind !== 'number' || !/^\d+$/.test(item.text)) fail(`${what} is not a whole number`, item);
    const value = Number(item.text);
    if (!Number.isSafeInteger(value)) {
      throw formatErrors.overflow({
        message: `Tensor ${JSON.stringify(name)}: ${what} ${item.text} is too large.`,
        ...at(8 + item.at),
      });
    }
    return value;
  }
  if (node.kind !== 'object') return fail('is not an object');
  const dtype = node.entries.get('dtype');
  const shape = node.entries.get('shape');
  const offsets = node.entries.get('data_offsets');
  if (dtype?.kind !== 'string') return fail('has no dtype');
  if (shape?.kind !== 'array') return fail('has no shape');
  if (offsets?.kind !== 'array') return fail('has no data_offsets');
  const [first, second, ...more] = offsets.items;
  if (!first || !second || more.length > 0) return fail('data_offsets must be two numbers', offsets);
  if (!isDType(dtype.value)) {
    throw formatErrors.unknownDtype({
      message: `Tensor ${JSON.stringify(name)} has the element type ${dtype.value}, which is not known.`,
      ...at(8 + dtype.at),
    });
  }
  const dims = shape.items.map((item) => whole(item, 'a dimension'));
  const begin = whole(first, 'an offset');
  const end = whole(second, 'an offset');
  let bytes: number = DTYPE_BYTES[dtype.value];
  for (const dim of dims) {
    bytes *= dim;
    if (!Number.isSafeInteger(bytes)) {
      throw formatErrors.overflow({
        message: `Tensor ${JSON.stringify(name)} of shape [${dims.join(', ')}] has more bytes than can be counted.`,
        ...at(8 + shape.at),
      });
    }
  }
  if (end < begin) {
    throw formatErrors.badOffsets({
      message: `Tensor ${JSON.stringify(name)} ends before it starts.`,
      ...at(8 + offsets.at),
    });
  }
  if (end - begin !== bytes) {
    throw formatErrors.sizeMismatch({
      message: `Tensor ${JSON.stringify(name)} of shape [${dims.join(', ')}] and type ${dtype.value} needs ${bytes} bytes; the file gives it ${end - begin}.`,
      ...at(8 + offsets.at),
    });
  }
  return { name, dtype: dtype.value, shape: dims, begin: dataStart + begin, end: dataStart + end };
}
