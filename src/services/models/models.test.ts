import { expect, test } from 'vitest';
import type { ModelFile } from '../../domain/runs/ports.ts';
import { once } from '../data/artifacts.ts';
import { startRun } from '../runs/start.ts';
import { CONFIG } from '../testing/texts.ts';
import { createWorld, START } from '../testing/trainer-world.ts';
import { createModelService } from './models.ts';

async function trained() {
  const world = createWorld();
  await world.addText();
  const deps = world.boot();
  const run = await (await startRun(deps, START)).ended;
  return { world, deps, run, models: createModelService(deps, deps.store) };
}

const sampling = {
  prompt: 'the',
  max_new_tokens: 8,
  temperature: 1,
  top_k: 0,
  top_p: 1,
  seed: 5,
  stop: [],
};

test('saved as a zip and opened elsewhere, the model writes the same', async () => {
  const { deps, run, models } = await trained();
  const { name, zip } = await models.saveAsZip(run.id);
  expect(name).toBe('tiny-1-step-12.zip');
  const other = createWorld();
  const there = other.boot();
  const opened = await createModelService(there, there.store).openZip(
    name,
    once(new Uint8Array(await zip.arrayBuffer())),
  );
  expect(opened).toMatchObject({
    model: { name: 'tiny-1-step-12' },
    facts: { model_type: 'gpt2', context: 8, tokenizer: 'char', warnings: [] },
  });
  const device = 'reference';
  const own = await deps.trainer.sample(
    { source: { type: 'run', run: run.id }, sampling, device },
    () => undefined,
  );
  const theirs = await there.trainer.sample(
    { source: { type: 'files', files: opened.model }, sampling, device },
    () => undefined,
  );
  expect(theirs.text).toBe(own.text);
  expect(theirs.text).toHaveLength(8);
});

test('an opened model is trained on: it begins where the other ended', async () => {
  const { world, deps, run, models } = await trained();
  const { folder } = await models.saveToProject(run.id);
  expect(folder).toBe('models/tiny-1-step-12');
  const [model] = models.list(world.files);
  if (model === undefined) throw new Error('the project has no model');
  expect(await deps.runs.events(run.id)).toContainEqual(
    expect.objectContaining({ event: { type: 'saved', of_step: 12, files: model.files } }),
  );
  const next = await (await startRun(deps, { ...START, model })).ended;
  expect(next).toMatchObject({
    state: 'finished',
    pins: { model, tokenizer: model.files['tokenizer.json'] },
  });
  const [before] = (await deps.metrics.read(run.id)).steps;
  const [after] = (await deps.metrics.read(next.id)).steps;
  expect(after?.loss).toBeLessThan((before?.loss ?? 0) - 0.1);
});

test('a folder with other things in it is opened; weights are written last', async () => {
  const { run, models } = await trained();
  const written: ModelFile[] = [];
  await models.saveToFolder(run.id, {
    write: async (path, bytes) => void written.push({ path, bytes }),
  });
  expect(written.at(-1)?.path).toBe('model.safetensors');
  const junk = { path: 'pytorch_model.bin', bytes: new Uint8Array(9) };
  const picked = [...written, junk].map(({ path, bytes }) => ({
    path: `somebody/gpt2/${path}`,
    open: () => once(bytes),
  }));
  const { model } = await models.openFolder('gpt2: mine?', picked);
  expect(model.name).toBe('gpt2-mine');
  expect(Object.keys(model.files)).not.toContain('pytorch_model.bin');
});

test('what is no model is refused, and nothing of it is kept', async () => {
  const { deps, run, models } = await trained();
  const before = await deps.store.list();
  const { files } = await models.saveToFolder(run.id, { write: async () => undefined });
  const picked = (change: (file: ModelFile) => ModelFile | null) =>
    files.flatMap((file) => {
      const changed = change(file);
      return changed === null ? [] : [{ path: changed.path, open: () => once(changed.bytes) }];
    });
  const cut = picked((file) =>
    file.path === 'model.safetensors' ? { ...file, bytes: file.bytes.slice(0, -10) } : file,
  );
  await expect(models.openFolder('x', cut)).rejects.toMatchObject({
    code: expect.stringMatching(/^ANN-FMT/),
  });
  const without = (path: string) => picked((file) => (file.path === path ? null : file));
  await expect(models.openFolder('x', without('config.json'))).rejects.toMatchObject({ code: 'ANN-RUN-013' });
  await expect(models.openFolder('x', without('tokenizer.json'))).rejects.toMatchObject({
    code: 'ANN-RUN-013',
  });
  await expect(models.openZip('x.zip', once(new Uint8Array(100)))).rejects.toMatchObject({
    code: 'ANN-RUN-013',
  });
  expect(await deps.store.list()).toEqual(before);
});

test('before the first checkpoint there is nothing to save', async () => {
  const world = createWorld();
  await world.addText('text.txt', '\u0000');
  const deps = world.boot();
  const run = await (await startRun(deps, { ...START, text: CONFIG })).ended;
  expect(run.state).toBe('failed');
  await expect(createModelService(deps, deps.store).saveAsZip(run.id)).rejects.toMatchObject({
    code: 'ANN-RUN-005',
  });
});
