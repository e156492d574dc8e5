import type { Kernels, Numbers } from './kernel.ts';
import { input, rowsOf } from './kernel.ts';

/** Hugging Face computes frequencies and angles in float32; a long context shows the difference. */
function rotation(size: number, theta: number, inverse: boolean, storage: Numbers) {
  const f32 = storage instanceof Float32Array ? Math.fround : (value: number) => value;
  const half = size / 2;
  const frequencies = Array.from({ length: half }, (_, j) => f32(1 / f32(theta ** f32((2 * j) / size))));
  const sign = inverse ? -1 : 1;
  /** Rotates the `size` numbers from `start` on; `out` may be `x`. */
  return (x: Numbers, out: Numbers, start: number, position: number): void => {
    for (let j = 0; j < half; j++) {
      const angle = f32(position * (frequencies[j] as number));
      const cos = Math.cos(angle);
      const sin = sign * Math.sin(angle);
      const a = x[start + j] as number;
      const b = x[start + half + j] as number;
      out[start + j] = a * cos - b * sin;
      out[start + half + j] = b * cos + a * sin;
    }
  };
}

export const rotaryKernels: Kernels<'rotary' | 'rotary_heads'> = {
  rotary: (call) => {
    const x = input(call, 0);
    const positions = input(call, 1);
    const [rows, width] = rowsOf(call.node.shape);
    const { theta, inverse } = call.node.attributes;
    const rotate = rotation(width, theta, inverse, call.out);
    for (let row = 0; row < rows; row++) {
      rotate(x, call.out, row * width, positions[row % positions.length] as number);
    }
  },
  rotary_heads: (call) => {
    const x = input(call, 0);
    const positions = input(call, 1);
    const { out } = call;
    const [rows, width] = rowsOf(call.node.shape);
    const { heads, head_size, theta, inverse, time } = call.node.attributes;
    const rotate = rotation(head_size, theta, inverse, out);
    if (out !== x) out.set(x);
    for (let row = 0; row < rows; row++) {
      for (let head = 0; head < heads; head++) {
        rotate(x, out, row * width + head * head_size, positions[row % time] as number);
      }
    }
  },
};
