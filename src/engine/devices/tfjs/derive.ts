import type { HostTensor } from './kernel.ts';

/** Tables worked out on the host from values that were fed; small beside what they save on the device. */

/**
 * Positions of each id, ascending: `starts[v] .. starts[v + 1]` are the places of id v in the list behind.
 * One tensor of rows + 1 + n integers, so that a kernel binds one buffer.
 */
export function positionsById(ids: Int32Array, rows: number): HostTensor {
  const values = new Int32Array(rows + 1 + ids.length);
  for (const id of ids) if (id >= 0 && id < rows) values[id + 1] = (values[id + 1] ?? 0) + 1;
  for (let v = 0; v < rows; v++) values[v + 1] = (values[v + 1] ?? 0) + (values[v] ?? 0);
  const next = values.slice(0, rows);
  for (const [position, id] of ids.entries()) {
    if (id < 0 || id >= rows) continue;
    const place = next[id] ?? 0;
    values[rows + 1 + place] = position;
    next[id] = place + 1;
  }
  return { values, shape: [values.length] };
}

/**
 * Cosines, then sines, of position * theta^(-2 i / size) for i below size / 2: [2, T, size / 2]. On the
 * host because a GPU's sine is only good near zero.
 */
export function rotaryTable(positions: Int32Array, size: number, theta: number): HostTensor {
  const half = size / 2;
  const values = new Float32Array(2 * positions.length * half);
  for (const [t, position] of positions.entries()) {
    for (let i = 0; i < half; i++) {
      const angle = position * theta ** ((-2 * i) / size);
      values[t * half + i] = Math.cos(angle);
      values[(positions.length + t) * half + i] = Math.sin(angle);
    }
  }
  return { values, shape: [2, positions.length, half] };
}

/** rate * 2^32 rounded up: an element is kept when its hash is at least this. */
export function dropoutThreshold(rate: number): number {
  return Math.ceil(rate * 2 ** 32);
}
