import { expect, test } from 'vitest';
import type { RunEvent, RunId } from '../../domain/runs/events.ts';
import { emptySummary } from '../../domain/runs/metrics.ts';
import { type Run, reduce } from '../../domain/runs/run.ts';
import { arrange, type RunRow } from './rows.ts';

function row(name: string, at: number, valLoss: number | null): RunRow {
  const created: RunEvent = {
    type: 'created',
    project: 'sample',
    name,
    config: { path: 'anneal.yaml', text: 'model_type: gpt2', version: null, edited_by: ['Ada'] },
    data: { source: 'stories', sha256: 'a'.repeat(64), bytes: 1 },
    seed: 1,
    max_steps: 10,
    device: 'auto',
    program: '0',
    model: null,
  };
  const run = reduce(null, `run-${at}` as RunId, created, at);
  if (!run.ok) throw run.error;
  const best = valLoss === null ? null : { step: 5, val_loss: valLoss };
  return { run: run.value satisfies Run, summary: { ...emptySummary, best_eval: best } };
}

const rows = [row('small', 1, 2.5), row('medium', 2, null), row('large', 3, 1.5)];
const names = (list: readonly RunRow[]): string[] => list.map(({ run }) => run.name);

test('sorts by a figure, unknown ones last either way', () => {
  expect(names(arrange(rows, '', { key: 'val_loss', descending: false }))).toEqual([
    'large',
    'small',
    'medium',
  ]);
  expect(names(arrange(rows, '', { key: 'val_loss', descending: true }))).toEqual([
    'small',
    'large',
    'medium',
  ]);
});

test('newest first by default', () => {
  expect(names(arrange(rows, '', { key: 'created', descending: true }))).toEqual([
    'large',
    'medium',
    'small',
  ]);
});

test('search wants every word, wherever it stands', () => {
  const sorting = { key: 'created', descending: true } as const;
  expect(names(arrange(rows, 'ADA gpt2 med', sorting))).toEqual(['medium']);
  expect(arrange(rows, 'llama', sorting)).toEqual([]);
});
