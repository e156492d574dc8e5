import type { Kernel } from '../dispatch.ts';
import { registerMatmul } from './matmul/registers.ts';

export const matmul: Kernel<'matmul'> = (call, context) => {
  const quads = context.adapter.software && context.adapter.subgroups;
  return registerMatmul(
    call,
    context,
    quads ? { rows: 16, columns: 4, quads } : { rows: 8, columns: 8, quads },
  );
};
