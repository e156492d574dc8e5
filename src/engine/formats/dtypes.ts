/**
 * Element types of safetensors. The order is the reference writer's: it sorts tensors by it, from the
 * last to the first, so sizes descend and each tensor is aligned to its elements.
 */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type SafetensorsDType = keyof typeof DTYPE_BYTES;

const ORDER = Object.keys(DTYPE_BYTES) as SafetensorsDType[];

export function isDType(name: string): name is SafetensorsDType {
  return Object.hasOwn(DTYPE_BYTES, name);
}

export function dtypeRank(dtype: SafetensorsDType): number {
  return ORDER.indexOf(dtype);
}

/** IEEE 754 binary16 to a number; exact. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bytes at a boundary of `size`, copied only where they lie elsewhere (not by slice: Node's Buffer shares). */
function aligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
}

/**
 * Elements as f32: a view of the same memory for aligned F32, else a new array. Numbers that f32 cannot
 * hold are rounded to nearest. Null for types that hold no plain numbers (8-bit floats). The bytes are
 * little-endian, and so is every host that runs this.
 */
export function toFloat32(bytes: Uint8Array, dtype: SafetensorsDType): Float32Array | null {
  const at = aligned(bytes, DTYPE_BYTES[dtype]);
  const { buffer, byteOffset } = at;
  const n = bytes.byteLength / DTYPE_BYTES[dtype];
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, n);
    case 'F64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, n));
    case 'F16': {
      const halves = new Uint16Array(buffer, byteOffset, n);
      const out = new Float32Array(n);
      for (let i = 0; i < n; i++) out[i] = halfToNumber(halves[i] ?? 0);
      return out;
    }
    case 'BF16': {
      // The upper half of an f32.
      const halves = new Uint16Array(buffer, byteOffset, n);
      const out = new Uint32Array(n);
      for (let i = 0; i < n; i++) out[i] = (halves[i] ?? 0) << 16;
      return new Float32Array(out.buffer);
    }
    case 'I64':
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, n), Number);
    case 'U64':
      return Float32Array.from(new BigUint64Array(buffer, byteOffset, n), Number);
    case 'I32':
      return Float32Array.from(new Int32Array(buffer, byteOffset, n));
    case 'U32':
      return Float32Array.from(new Uint32Array(buffer, byteOffset, n));
    case 'I16':
      return Float32Array.from(new Int16Array(buffer, byteOffset, n));
    case 'U16':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, n));
    case 'I8':
      return Float32Array.from(new Int8Array(buffer, byteOffset, n));
    case 'U8':
      return Float32Array.from(at);
    case 'BOOL':
      return Float32Array.from(at, (b) => (b === 0 ? 0 : 1));
    default:
      return null;
  }
}

/** Elements as i32: a view for aligned I32, else a new array. Null for floats and for what does not fit. */
export function toInt32(bytes: Uint8Array, dtype: SafetensorsDType): Int32Array | null {
  const at = aligned(bytes, DTYPE_BYTES[dtype]);
  const { buffer, byteOffset } = at;
  const n = bytes.byteLength / DTYPE_BYTES[dtype];
  switch (dtype) {
    case 'I32':
      return new Int32Array(buffer, byteOffset, n);
    case 'I64':
    case 'U64':
    case 'U32': {
      const wide =
        dtype === 'U32'
          ? new Uint32Array(buffer, byteOffset, n)
          : dtype === 'I64'
            ? new BigInt64Array(buffer, byteOffset, n)
            : new BigUint64Array(buffer, byteOffset, n);
      const out = new Int32Array(n);
      for (let i = 0; i < n; i++) {
        const value = Number(wide[i] ?? 0);
        if (value < -2147483648 || value > 2147483647) return null;
        out[i] = value;
      }
      return out;
    }
    case 'I16':
      return Int32Array.from(new Int16Array(buffer, byteOffset, n));
    case 'U16':
      return Int32Array.from(new Uint16Array(buffer, byteOffset, n));
    case 'I8':
      return Int32Array.from(new Int8Array(buffer, byteOffset, n));
    case 'U8':
    case 'BOOL':
      return Int32Array.from(at);
    default:
      return null;
  }
}
