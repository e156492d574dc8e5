import { pickToken } from '../../../inference/pick.ts';
import type { Kernels } from './kernel.ts';
import { input, rowsOf } from './kernel.ts';

export const samplingKernels: Kernels<'sample_token'> = {
  sample_token: (call) => {
    const logits = input(call, 0);
    const uniform = input(call, 1);
    const [temperature = 0, top_k = 0, top_p = 0] = [2, 3, 4].map((i) => input(call, i)[0] as number);
    const [rows, width] = rowsOf(call.shapes[0] ?? []);
    for (let row = 0; row < rows; row++) {
      const values = logits.subarray(row * width, (row + 1) * width);
      call.out[row] = pickToken(values, { temperature, top_k, top_p }, uniform[row] as number);
    }
  },
};
