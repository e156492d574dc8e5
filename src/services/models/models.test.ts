import { expect, test } from 'vitest';
import type { ModelFile, SampleOutcome } from '../../domain/runs/ports.ts';
import { createReferenceDevice } from '../../engine/devices/reference/device.ts';
import { memoryFolder } from '../../engine/formats/folder-files.ts';
import { fromConfigJson } from '../../engine/formats/hugging-face-config.ts';
import { writeSafetensors } from '../../engine/formats/safetensors.ts';
import { initialise } from '../../engine/models/initialise.ts';
import { parameterSpecs } from '../../engine/models/parameters.ts';
import { trainBpe } from '../../engine/tokenizers/bpe-trainer.ts';
import type { ModelConfig } from '../../engine/training/spec.ts';
import { once } from '../data/artifacts.ts';
import { startRun } from '../runs/start.ts';
import { CONFIG, TEXT } from '../testing/texts.ts';
import { createWorld, START } from '../testing/trainer-world.ts';
import { createModelService } from './models.ts';
import { sampleFolder } from './sample-folder.ts';
import { zipped } from './zip.ts';

async function trained() {
  const world = createWorld();
  await world.addText();
  const deps = world.boot();
  const run = await (await startRun(deps, START)).ended;
  return { world, deps, run, models: createModelService(deps, deps.store) };
}

const drawing = {
  max_new_tokens: 8,
  temperature: 1,
  top_k: 0,
  top_p: 1,
  seed: 5,
  stop: [],
};

const ignore = (): void => undefined;

function written({ prompts }: SampleOutcome): readonly string[] {
  return prompts.map((one) => (one.ok ? one.text : one.error.code));
}

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
  const request = { prompts: ['the'], drawing, device } as const;
  const [own] = written(
    await deps.trainer.sample({ ...request, source: { type: 'run', run: run.id } }, ignore),
  );
  const [theirs] = written(
    await there.trainer.sample({ ...request, source: { type: 'files', files: opened.model } }, ignore),
  );
  expect(theirs).toBe(own);
  expect(theirs).toHaveLength(8);
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

test('an old folder brings its tokenizer as vocab.json and merges.txt, and is trained on with it', async () => {
  const { deps, run, models } = await trained();
  const bpe = await trainBpe({ text: TEXT.repeat(3), vocabSize: 262 });
  const { vocab, merges } = JSON.parse(bpe.toJSON()).model as { vocab: object; merges: string[][] };
  const { files } = await models.saveToFolder(run.id, { write: async () => undefined });
  const config = files.find(({ path }) => path === 'config.json');
  const fields = { ...JSON.parse(new TextDecoder().decode(config?.bytes)), vocab_size: bpe.vocab_size };
  const model: ModelConfig = fromConfigJson(fields);
  const weights = parameterSpecs(model).map((spec) => ({
    name: spec.name,
    shape: spec.shape,
    data: initialise(spec, 1),
  }));
  const text = (value: string) => new TextEncoder().encode(value);
  const old: ModelFile[] = [
    { path: 'config.json', bytes: text(JSON.stringify(fields)) },
    { path: 'model.safetensors', bytes: writeSafetensors(weights) },
    { path: 'vocab.json', bytes: text(JSON.stringify(vocab)) },
    { path: 'merges.txt', bytes: text(merges.map((pair) => [pair].flat().join(' ')).join('\n')) },
  ];
  const picked = old.map(({ path, bytes }) => ({ path, open: () => once(bytes) }));
  const opened = await models.openFolder('gpt2', picked);
  expect(opened.facts).toMatchObject({ tokenizer: 'file', vocab_size: bpe.vocab_size, warnings: [] });
  const next = await (await startRun(deps, { ...START, model: opened.model })).ended;
  expect(next).toMatchObject({
    state: 'finished',
    pins: { tokenizer: opened.model.files['tokenizer.json'] },
  });
});

test('weights that are pickled alone are refused as such', async () => {
  const { run, models } = await trained();
  const { files } = await models.saveToFolder(run.id, { write: async () => undefined });
  const pickled = files.map(({ path, bytes }) => ({
    path: path === 'model.safetensors' ? 'pytorch_model.bin' : path,
    bytes,
  }));
  const picked = pickled.map(({ path, bytes }) => ({ path, open: () => once(bytes) }));
  const refusal = { code: 'ANN-FMT-024', where: 'pytorch_model.bin' };
  await expect(models.openFolder('x', picked)).rejects.toMatchObject(refusal);
  const zip = new Blob([...zipped(pickled)]);
  await expect(models.openZip('x.zip', once(new Uint8Array(await zip.arrayBuffer())))).rejects.toMatchObject(
    refusal,
  );
});

test('a folder that says not to sample is greedy, whatever the seed', async () => {
  const { run, models } = await trained();
  const { files } = await models.saveToFolder(run.id, { write: async () => undefined });
  const greedy = new TextEncoder().encode('{"do_sample":false,"max_new_tokens":12}');
  const folder = memoryFolder(
    new Map(files.map(({ path, bytes }) => [path, path === 'generation_config.json' ? greedy : bytes])),
  );
  const device = createReferenceDevice();
  const write = async (seed: number): Promise<string> => {
    const deps = {
      devices: { open: async () => ({ opened: device, device: device.info, reason: '', tried: [] }) },
      clock: { now: () => 0, elapsed: () => 0 },
      breathe: async () => undefined,
    };
    const request = { prompts: ['the'], drawing: { seed }, device: 'reference' as const };
    return written(await sampleFolder(deps, folder, request, ignore))[0] ?? '';
  };
  const [first, ...others] = [await write(1), await write(2), await write(3)];
  expect(first).toHaveLength(12);
  for (const other of others) expect(other).toBe(first);
});

test('several prompts are continued side by side, each as it would be alone', async () => {
  const { run, models } = await trained();
  const { files } = await models.saveToFolder(run.id, { write: async () => undefined });
  const folder = memoryFolder(new Map(files.map(({ path, bytes }) => [path, bytes])));
  const device = createReferenceDevice();
  let now = 0;
  const deps = {
    devices: { open: async () => ({ opened: device, device: device.info, reason: '', tried: [] }) },
    clock: { now: () => 0, elapsed: () => now++ * 1000 },
    breathe: async () => undefined,
  };
  const request = {
    drawing: { max_new_tokens: 6, temperature: 0.8, seed: 5 },
    device: 'reference' as const,
  };
  const prompts = ['the', 'a dog ', 'the'];
  const texts = ['', '', ''];
  const all = await sampleFolder(deps, folder, { ...request, prompts }, (event) => {
    if (event.type === 'text') texts[event.prompt] += event.text;
  });
  expect(written(all)).toEqual(texts);
  expect(all.tokens).toBe(18);
  expect(all.prompts).toMatchObject([{ tokens: 6 }, { tokens: 6 }, { tokens: 6 }]);
  // Each hears the clock between its own turn and end, all together between the first turn and the last end.
  for (const one of all.prompts) expect(one.ok && one.tokens_per_second).toBeGreaterThan(0);
  expect(all.tokens_per_second).toBeLessThan(18);
  for (const [i, prompt] of prompts.entries()) {
    const alone = await sampleFolder(deps, folder, { ...request, prompts: [prompt] }, ignore);
    expect(written(alone)).toEqual([texts[i]]);
  }
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
