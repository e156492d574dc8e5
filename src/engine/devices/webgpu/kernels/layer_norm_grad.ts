import type { Kernel } from '../dispatch.ts';
import { normGrad } from './norm/backward.ts';

export const layer_norm_grad: Kernel<'layer_norm_grad'> = (call, context) => normGrad(call, context, true);
