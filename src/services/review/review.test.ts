import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { emptySummary } from '../../domain/runs/metrics.ts';
import type { ReviewClient } from '../../sdk/review.ts';
import { hasher } from '../../storage/hasher.ts';
import { startRun } from '../runs/start.ts';
import { createWorld, START } from '../testing/trainer-world.ts';
import { evidenceOf, hashOfText } from './evidence.ts';
import { createReviewService } from './review.ts';

const file = { project: 'sample', path: 'anneal.yaml' };
const ada = { id: 'ada', name: 'Ada' };
const bob = { id: 'bob', name: 'Bob' };

/** Notes what it is asked for; `answer` says what comes of it. */
function clientThat(answer: () => Promise<unknown>) {
  const asked: [name: string, ...input: unknown[]][] = [];
  const client = new Proxy({} as ReviewClient, {
    get:
      (_, name) =>
      (...input: unknown[]) => {
        asked.push([String(name), ...input]);
        return answer();
      },
  });
  return { client, asked };
}

test('a finished run becomes evidence, and names of people become mentions', async () => {
  const world = createWorld();
  await world.addText();
  const deps = world.boot();
  const run = await (await startRun(deps, START)).ended;
  const { client, asked } = clientThat(async () => ({}));
  const service = createReviewService({ ...deps, hasher, client, self: () => ada });

  await service.suggest(file, { title: 'Longer', note: '', edits: [], run: run.id });
  await service.suggest(file, { title: 'Longer', note: '', edits: [], run: null });
  await service.comment(file, null, 'See this, @bob', [bob]);
  const config_sha256 = createHash('sha256').update(START.text).digest('hex');
  const evidence = { run: run.id, name: 'tiny 1', state: 'finished', step: 12, max_steps: 12, config_sha256 };
  expect(asked).toMatchObject([
    ['suggest', file, { title: 'Longer', evidence, as: ada }],
    ['suggest', file, { evidence: null }],
    ['startThread', file, { anchor: null, text: 'See this, @[Bob](bob)', as: ada }],
  ]);
});

test('a loss that is no number is not evidence of one', async () => {
  const world = createWorld();
  await world.addText();
  const run = await (await startRun(world.boot(), START)).ended;
  const last = {
    step: 12,
    loss: Number.NaN,
    learning_rate: 0,
    grad_norm: 0,
    tokens_per_second: 0,
    step_ms: 0,
    memory_bytes: null,
    loss_scale: null,
  };
  const hashOf = (text: string): Promise<string> => hashOfText(hasher, text);
  expect(await evidenceOf(run, { ...emptySummary, last }, hashOf)).toMatchObject({
    loss: null,
    validation_loss: null,
  });
});

test('a text that is replaced or has become of edits that met is named by its hash', async () => {
  const { client, asked } = clientThat(async () => null);
  const service = createReviewService({ ...createWorld().boot(), hasher, client, self: () => ada });
  await service.takeBack(file, 'good', 'both');
  await service.noteMerge(file, 'good', 'both');
  const hash = createHash('sha256').update('both').digest('hex');
  expect(asked).toEqual([
    ['takeBack', file, { text: 'good', replaces: hash, as: ada }],
    ['noteMerge', file, { merged: hash, good: 'good' }],
  ]);
});
