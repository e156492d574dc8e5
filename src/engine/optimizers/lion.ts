import { unary } from '../graph/emit.ts';
import type { UpdateRule } from './rule.ts';
import { learningRate } from './rule.ts';

/**
 * Lion (Chen et al., 2023, algorithm 2): the sign of a mean of gradient and momentum; adam_beta1 weighs
 * that mean, adam_beta2 the momentum. It wants a learning rate 3 to 10 times below AdamW's.
 */
export const lion: UpdateRule = (site) => {
  const { g, config, gradient } = site;
  const momentum = site.moment('lion.m');
  const direction = unary(g, 'sign', g.node('ema', [momentum, gradient], { beta: config.adam_beta1 }));
  site.keep('lion.m', g.node('ema', [momentum, gradient], { beta: config.adam_beta2 }));
  return g.node('decayed_update', [site.parameter, direction, learningRate(g)], {
    weight_decay: site.weight_decay,
  });
};
