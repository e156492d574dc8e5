import type { Kernel } from '../dispatch.ts';
import { normGrad } from './norm/backward.ts';

export const rms_norm_grad: Kernel<'rms_norm_grad'> = (call, context) => normGrad(call, context, false);
