import { expect, test } from 'vitest';
import { once } from '../data/artifacts.ts';
import { createModelService } from '../models/models.ts';
import { CONFIG } from '../testing/texts.ts';
import { createWorld, START } from '../testing/trainer-world.ts';
import { startRun } from './start.ts';

test('a config of another model is refused before there is a run; other dropouts are not', async () => {
  const world = createWorld();
  await world.addText();
  const deps = world.boot();
  const models = createModelService(deps, deps.store);
  const run = await (await startRun(deps, START)).ended;
  const { files } = await models.saveToFolder(run.id, { write: async () => undefined });
  const { model } = await models.openFolder(
    'mine',
    files.map(({ path, bytes }) => ({ path, open: () => once(bytes) })),
  );
  const wider = CONFIG.replace(/n_layer: \d+/, 'n_layer: 3');
  await expect(startRun(deps, { ...START, text: wider, model })).rejects.toMatchObject({
    code: 'ANN-RUN-015',
    message: expect.stringContaining('n_layer is 3 here'),
    where: 'anneal.yaml',
  });
  expect(await deps.runs.list()).toHaveLength(1);
  const gentler = CONFIG.replace(/( *)n_layer:/, '$1embd_pdrop: 0.25\n$1n_layer:');
  const next = await (await startRun(deps, { ...START, text: gentler, model })).ended;
  expect(next).toMatchObject({ state: 'finished', pins: { model: { name: 'mine' } } });
});
