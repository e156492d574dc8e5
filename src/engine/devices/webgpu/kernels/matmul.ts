import type { Kernel } from '../dispatch.ts';
import { choose, VARIANTS } from './matmul/choose.ts';

/** A product and what follows it in one kernel; choose.ts says which of several ways is taken. */
export const matmul: Kernel<'matmul'> = (call, context) => VARIANTS[choose(call, context)](call, context);
