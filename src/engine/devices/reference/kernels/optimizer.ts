import type { Kernels } from './kernel.ts';
import { input } from './kernel.ts';

export const optimizerKernels: Kernels<'ema' | 'ema_square' | 'adamw_update' | 'decayed_update'> = {
  ema: (call) => {
    const m = input(call, 0);
    const g = input(call, 1);
    const { beta } = call.node.attributes;
    for (let i = 0; i < m.length; i++) call.out[i] = beta * (m[i] as number) + (1 - beta) * (g[i] as number);
  },
  ema_square: (call) => {
    const v = input(call, 0);
    const g = input(call, 1);
    const { beta } = call.node.attributes;
    for (let i = 0; i < v.length; i++) {
      call.out[i] = beta * (v[i] as number) + (1 - beta) * (g[i] as number) * (g[i] as number);
    }
  },
  adamw_update: (call) => {
    const [p, m, v] = [input(call, 0), input(call, 1), input(call, 2)];
    const [lr, bias1, bias2] = [
      input(call, 3)[0] as number,
      input(call, 4)[0] as number,
      input(call, 5)[0] as number,
    ];
    const { epsilon, weight_decay } = call.node.attributes;
    for (let i = 0; i < p.length; i++) {
      const direction = (m[i] as number) / bias1 / (Math.sqrt((v[i] as number) / bias2) + epsilon);
      call.out[i] = (p[i] as number) * (1 - lr * weight_decay) - lr * direction;
    }
  },
  decayed_update: (call) => {
    const p = input(call, 0);
    const direction = input(call, 1);
    const lr = input(call, 2)[0] as number;
    const { weight_decay } = call.node.attributes;
    for (let i = 0; i < p.length; i++) {
      call.out[i] = (p[i] as number) * (1 - lr * weight_decay) - lr * (direction[i] as number);
    }
  },
};
