import { DTYPE_BYTES, dtypeRank, type SafetensorsDType, toFloat32, toInt32 } from './dtypes.ts';
import { formatErrors } from './errors.ts';
import { parseHeader, type SafetensorsHeader, type TensorEntry } from './safetensors-header.ts';

/** A safetensors file in memory. The arrays it gives are views of its bytes wherever they can be. */
export class SafetensorsFile {
  readonly header: SafetensorsHeader;
  readonly #bytes: Uint8Array;

  /** Throws ANN-FMT errors with `data.position`. */
  constructor(bytes: Uint8Array) {
    this.header = parseHeader(bytes, bytes.byteLength);
    this.#bytes = bytes;
  }

  get names(): string[] {
    return [...this.header.tensors.keys()];
  }

  get metadata(): ReadonlyMap<string, string> {
    return this.header.metadata;
  }

  has(name: string): boolean {
    return this.header.tensors.has(name);
  }

  /** Throws ANN-FMT-010 when there is none of that name. */
  entry(name: string): TensorEntry {
    const entry = this.header.tensors.get(name);
    if (!entry) throw formatErrors.missingTensor({ message: `The file has no tensor ${name}.`, where: name });
    return entry;
  }

  bytes(name: string): Uint8Array {
    const { begin, end } = this.entry(name);
    return this.#bytes.subarray(begin, end);
  }

  /** Any numeric type, as f32. */
  floats(name: string): Float32Array {
    return entryToFloat32(this.entry(name), this.bytes(name));
  }

  /** Any whole-number type, as i32. */
  ints(name: string): Int32Array {
    const { dtype } = this.entry(name);
    const out = toInt32(this.bytes(name), dtype);
    if (!out) {
      throw formatErrors.wrongDtype({
        message: `${name} of type ${dtype} does not hold whole numbers of 32 bits.`,
        where: name,
      });
    }
    return out;
  }
}

/** Throws ANN-FMT-012 for types without plain numbers. */
export function entryToFloat32(entry: TensorEntry, bytes: Uint8Array): Float32Array {
  const out = toFloat32(bytes, entry.dtype);
  if (!out) {
    throw formatErrors.wrongDtype({
      message: `${entry.name} has the element type ${entry.dtype}, which cannot be read as f32.`,
      where: entry.name,
    });
  }
  return out;
}

export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  return new SafetensorsFile(bytes);
}

export interface WritableTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** F32 for Float32Array and I32 for Int32Array unless given. */
  readonly dtype?: SafetensorsDType;
  readonly data: ArrayBufferView;
}

/** By code points, as the reference writer compares UTF-8. */
function compareNames(a: string, b: string): number {
  const x = [...a];
  const y = [...b];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const d = (x[i]?.codePointAt(0) ?? 0) - (y[i]?.codePointAt(0) ?? 0);
    if (d !== 0) return d;
  }
  return x.length - y.length;
}

function dtypeOf(tensor: WritableTensor): SafetensorsDType {
  if (tensor.dtype) return tensor.dtype;
  if (tensor.data instanceof Float32Array) return 'F32';
  if (tensor.data instanceof Int32Array) return 'I32';
  if (tensor.data instanceof Uint8Array) return 'U8';
  throw formatErrors.wrongDtype({
    message: `${tensor.name} is written without a dtype.`,
    where: tensor.name,
  });
}

export interface SafetensorsLayout {
  /** The length word and the padded header. */
  readonly head: Uint8Array<ArrayBuffer>;
  /** In the order of the file's bytes. */
  readonly entries: readonly TensorEntry[];
  readonly bytes: number;
}

/**
 * Where everything will lie, before there are any numbers: whoever fetches tensors one by one can write
 * each straight to its place. Sorted as the reference writer does (element size descending, then name).
 * Throws ANN-FMT-004 for two tensors of one name.
 */
export function layoutSafetensors(
  tensors: Iterable<Pick<TensorEntry, 'name' | 'dtype' | 'shape'>>,
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsLayout {
  const sorted = [...tensors].sort(
    (a, b) => dtypeRank(b.dtype) - dtypeRank(a.dtype) || compareNames(a.name, b.name),
  );
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  const names = new Set<string>(['__metadata__']);
  const entries: TensorEntry[] = [];
  let offset = 0;
  for (const { name, dtype, shape } of sorted) {
    if (names.has(name)) {
      throw formatErrors.duplicateKey({ message: `Two tensors are named ${name}.`, where: name });
    }
    names.add(name);
    const end = offset + shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]);
    fields.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join(',')}],"data_offsets":[${offset},${end}]}`,
    );
    entries.push({ name, dtype, shape, begin: offset, end });
    offset = end;
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`);
  const padded = Math.ceil(json.byteLength / 8) * 8;
  const head = new Uint8Array(8 + padded).fill(0x20, 8);
  new DataView(head.buffer).setUint32(0, padded, true);
  head.set(json, 8);
  const moved = entries.map((e) => ({
    ...e,
    begin: head.byteLength + e.begin,
    end: head.byteLength + e.end,
  }));
  return { head, entries: moved, bytes: head.byteLength + offset };
}

/** The whole file. Metadata values are texts, as Hugging Face's {"format": "pt"}. Throws ANN-FMT-004, 007, 012. */
export function writeSafetensors(
  tensors: Iterable<WritableTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const typed = [...tensors].map((tensor) => ({ ...tensor, dtype: dtypeOf(tensor) }));
  const layout = layoutSafetensors(typed, metadata);
  const byName = new Map(typed.map((tensor) => [tensor.name, tensor.data]));
  const out = new Uint8Array(layout.bytes);
  out.set(layout.head);
  for (const entry of layout.entries) {
    const data = byName.get(entry.name);
    if (data) placeTensor(out, entry, data);
  }
  return out;
}

/** Copies a tensor to its place in the file. Throws ANN-FMT-007 where it has another size. */
export function placeTensor(file: Uint8Array, entry: TensorEntry, data: ArrayBufferView): void {
  if (entry.end - entry.begin !== data.byteLength) {
    throw formatErrors.sizeMismatch({
      message: `${entry.name} of shape [${entry.shape.join(', ')}] and type ${entry.dtype} needs ${entry.end - entry.begin} bytes, not ${data.byteLength}.`,
      where: entry.name,
    });
  }
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), entry.begin);
}
