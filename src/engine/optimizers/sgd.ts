import type { UpdateRule } from './rule.ts';
import { learningRate } from './rule.ts';

/**
 * Stochastic gradient descent as torch.optim.SGD does it by default, and Hugging Face's `optim: sgd` with
 * it: momentum 0. Its weight decay, added to the gradient, is then the same as decay of the parameter.
 */
export const sgd: UpdateRule = (site) =>
  site.g.node('decayed_update', [site.parameter, site.gradient, learningRate(site.g)], {
    weight_decay: site.weight_decay,
  });
