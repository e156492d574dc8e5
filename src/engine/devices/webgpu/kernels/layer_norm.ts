import type { Kernel } from '../dispatch.ts';
import { norm } from './norm/forward.ts';

export const layer_norm: Kernel<'layer_norm'> = (call, context) => norm(call, context, true);
