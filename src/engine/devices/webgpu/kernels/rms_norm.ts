import type { Kernel } from '../dispatch.ts';
import { norm } from './norm/forward.ts';

export const rms_norm: Kernel<'rms_norm'> = (call, context) => norm(call, context, false);
