import { configErrors } from '../../config/errors.ts';
import { yamlNumber } from '../../config/wording.ts';
import { type Facts, finding, setting } from '../facts.ts';
import type { Diagnostic } from '../report.ts';

/**
 * Learning rates that worked for Adam, by width: the two smallest are nanoGPT's recipes for characters,
 * the others Table 2.1 of Brown et al., 2020 (GPT-3). Between them the rate falls about as 1 / width,
 * which is also what maximal update parametrisation derives (Yang et al., 2022, arXiv:2203.03466).
 */
const BY_WIDTH: readonly (readonly [width: number, rate: number])[] = [
  [128, 1e-3],
  [384, 1e-3],
  [768, 6e-4],
  [1024, 3e-4],
  [1536, 2.5e-4],
  [2048, 2e-4],
  [2560, 1.6e-4],
  [4096, 1.2e-4],
  [5140, 1e-4],
  [12288, 6e-5],
];

/**
 * How other optimizers' rates compare. Lion: 3 to 10 times smaller (Chen et al., 2023, arXiv:2302.06675).
 * Muon here scales its update to the size of AdamW's, so it takes the same rates. No such rule is known for sgd.
 */
const RELATIVE: Readonly<Record<Facts['config']['training']['optim'], number | null>> = {
  adamw: 1,
  lion: 0.2,
  muon: 1,
  sgd: null,
};

/** Far: this many times too large, or too small. A rate that is too small only wastes time; fine-tuning takes it. */
const TOO_LARGE = 10;
const TOO_SMALL = 15;

export function learningRateRules({ reading, config, sizes }: Facts): Diagnostic[] {
  const { learning_rate, optim } = config.training;
  const factor = RELATIVE[optim];
  if (factor === null) return [];
  const usual = usualRate(sizes.width.value) * factor;
  const large = learning_rate > usual * TOO_LARGE;
  if (!large && learning_rate * TOO_SMALL >= usual) return [];
  const near = Number(usual.toPrecision(1));
  const times = large ? learning_rate / usual : usual / learning_rate;
  const effect = large ? 'the loss is likely to diverge' : 'the run is likely to learn very slowly';
  const at = 'training.learning_rate';
  return [
    finding(reading, configErrors.learningRate, {
      severity: 'warning',
      at,
      message: `For ${sizes.width.field} ${sizes.width.value} and ${optim}, rates around ${yamlNumber(near)} work; ${yamlNumber(learning_rate)} is ${times.toFixed(0)} times ${large ? 'larger' : 'smaller'}, and ${effect}.`,
      fixes: [setting(reading, `Use ${yamlNumber(near)}`, { [at]: near })],
      because: [
        `Wide models want small rates: GPT-3's table of learning rates falls about as 1 / width (6.0e-4 at 768, 1.2e-4 at 4096; Brown et al., 2020), and nanoGPT's small models train at 1.0e-3.`,
        ...(factor === 1
          ? []
          : [
              'Lion moves every weight by the full rate, so it takes one 3 to 10 times smaller than AdamW (Chen et al., 2023).',
            ]),
      ],
    }),
  ];
}

/** Straight lines between the known points, both axes logarithmic; level beyond the narrowest, 1 / width beyond the widest. */
export function usualRate(width: number): number {
  const [first] = BY_WIDTH;
  const last = BY_WIDTH.at(-1);
  if (first === undefined || last === undefined || width <= first[0]) return first?.[1] ?? 1e-3;
  for (let i = 1; i < BY_WIDTH.length; i++) {
    const [low, high] = [BY_WIDTH[i - 1], BY_WIDTH[i]];
    if (low === undefined || high === undefined || width > high[0]) continue;
    const share = Math.log(width / low[0]) / Math.log(high[0] / low[0]);
    return low[1] * (high[1] / low[1]) ** share;
  }
  return (last[1] * last[0]) / width;
}
