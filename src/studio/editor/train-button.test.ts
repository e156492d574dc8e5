import { expect, test } from 'vitest';
import { NOTHING_SHOWN, show } from '../../domain/preflight/last-good.ts';
import { preflight } from '../../domain/preflight/preflight.ts';
import { whyBlocked } from './train-button.tsx';

const nothingKnown = { device: null, data: null, timings: null, sources: null };
const shownFor = (text: string) => show(NOTHING_SHOWN, preflight(text, nothingKnown));
const GOOD = 'project: a\nmodel:\n  model_type: gpt2\n  n_embd: 64\n  n_head: 4\n  n_layer: 2\n';

test('only errors block Train, and the reason names the first of them', () => {
  expect(whyBlocked(shownFor(GOOD), true)).toBe(null);
  expect(whyBlocked(shownFor(GOOD.replace('64', '66')), true)).toMatch(
    /^One error stands in the way: .*n_head/,
  );
  expect(whyBlocked(shownFor(GOOD), false)).toContain('not been loaded');
  expect(whyBlocked(NOTHING_SHOWN, true)).toContain('being checked');
  expect(whyBlocked(shownFor(GOOD), true, 'The project has been deleted.')).toBe(
    'The project has been deleted.',
  );
});

test('while the text is broken the last good figures stay, marked as old', () => {
  const good = shownFor(GOOD);
  const broken = show(good, preflight(`${GOOD}  n_positions: [`, nothingKnown));
  expect(broken.good?.estimate.parameters).toBe(good.report?.estimate.parameters);
  expect(broken.stale).toBe(true);
  expect(broken.canTrain).toBe(false);
});
