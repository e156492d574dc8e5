import type { UpdateRule } from './rule.ts';
import { learningRate } from './rule.ts';

/** AdamW (Loshchilov and Hutter, 2019), as torch.optim.AdamW computes it. */
export const adamw: UpdateRule = (site) => {
  const { g, config, gradient } = site;
  const m = g.node('ema', [site.moment('adam.m'), gradient], { beta: config.adam_beta1 });
  const v = g.node('ema_square', [site.moment('adam.v'), gradient], { beta: config.adam_beta2 });
  site.keep('adam.m', m);
  site.keep('adam.v', v);
  const inputs = [site.parameter, m, v, learningRate(g), site.bias('bias1'), site.bias('bias2')];
  return g.node('adamw_update', inputs, { epsilon: config.adam_epsilon, weight_decay: site.weight_decay });
};
