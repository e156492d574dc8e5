import { expect, test } from 'vitest';
import { isMeasured, type Kept, type KeptReport, withFailure, withReport } from './kept.ts';

const report = (at: string): KeptReport => ({
  name: 'step small gpt2',
  machine: 'a machine',
  results: [],
  bars: [],
  command: 'step',
  at,
  revision: null,
  load: 0,
});

test('what fails keeps its earlier figures, and is no failure any more once it has been measured', () => {
  const empty: Kept = { begun: '2026-01-02T00:00:00.000Z', reports: {}, failures: {} };
  const first = withReport(empty, 'step', report('2026-01-02T00:01:00.000Z'));
  const failed = withFailure(first, 'step', { why: 'the tab is gone', at: '2026-01-02T00:02:00.000Z' });
  expect(failed.reports).toEqual(first.reports);
  expect(failed.failures.step?.why).toBe('the tab is gone');
  expect(withReport(failed, 'step', report('2026-01-02T00:03:00.000Z')).failures).toEqual({});
});

test('going on leaves out what was measured since the last whole run began', () => {
  const begun = '2026-01-02T00:00:00.000Z';
  const at = (time: string): Kept => ({ begun, reports: { step: report(time) }, failures: {} });
  expect(isMeasured(at('2026-01-02T00:01:00.000Z'), 'step')).toBe(true);
  expect(isMeasured(at('2026-01-01T23:59:00.000Z'), 'step')).toBe(false);
  expect(isMeasured(at('2026-01-02T00:01:00.000Z'), 'recipe')).toBe(false);
  expect(isMeasured({ ...at('2026-01-02T00:01:00.000Z'), begun: '' }, 'step')).toBe(false);
});
