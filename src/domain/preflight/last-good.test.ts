import { describe, expect, it } from 'vitest';
import { SAMPLE } from '../config/testing/configs.ts';
import { NOTHING_SHOWN, show } from './last-good.ts';
import { preflight } from './preflight.ts';
import { NO_PROFILES } from './report.ts';

const report = (text: string) => preflight(text, NO_PROFILES);

describe('show', () => {
  it('keeps the last good reading while the text is broken, and blocks only Train', () => {
    const good = report(SAMPLE);
    const first = show(NOTHING_SHOWN, good);
    expect(first).toEqual({ report: good, good, stale: false, canTrain: true });
    const broken = report(SAMPLE.replace('model:', 'model'));
    const second = show(first, broken);
    expect(second).toEqual({ report: broken, good, stale: true, canTrain: false });
    const better = report(SAMPLE.replace('n_layer: 4', 'n_layer: 5'));
    expect(show(second, better)).toEqual({ report: better, good: better, stale: false, canTrain: true });
  });

  it('shows figures of a text whose sizes do not fit, and does not train it', () => {
    const misfit = report(SAMPLE.replace('n_embd: 128', 'n_embd: 130'));
    const shown = show(NOTHING_SHOWN, misfit);
    expect(shown.canTrain).toBe(false);
    expect(shown.stale).toBe(false);
  });

  it('goes on with figures of the text as it is while the model is sound', () => {
    const wrong = report(SAMPLE.replace('seed: 1337', 'seed: many'));
    expect(show(NOTHING_SHOWN, wrong)).toEqual({ report: wrong, good: wrong, stale: false, canTrain: false });
  });

  it('has nothing to keep before the first good text', () => {
    expect(show(NOTHING_SHOWN, report('a: ['))).toMatchObject({ good: null, stale: false, canTrain: false });
  });
});
