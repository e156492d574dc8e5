import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ModelFile } from '../src/domain/runs/ports.ts';
import { readSafetensors } from '../src/engine/formats/safetensors.ts';
import { unzipped } from '../src/services/models/zip.ts';
import { copyText, editorIsReady, linesOf, pasteText, train, typeAtTop } from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { ends, eventsOf, lossesOf, runIs, stop } from './testing/runs.ts';
import { goTo, notice, pasteData } from './testing/screens.ts';
import { ENDLESS, smallText, tinyConfig } from './testing/texts.ts';

const STEPS = 600;

// The main job, as the first issue tells it: from the first look to a model in hand, with a second person.
test('two people write a config, train a model, watch it learn and take it away', async ({
  server,
  person,
}) => {
  const text = smallText();
  const hash = createHash('sha256').update(text).digest('hex');
  const { page: ada } = await person('Ada');
  await test.step('a newcomer lands on the sample, with its config and a Train button', async () => {
    await expect(ada).toHaveURL(`${server.url}/p/sample`);
    await editorIsReady(ada);
    await expect(linesOf(ada)).toContainText('model_type: gpt2');
    await expect(ada.getByRole('button', { name: 'Train', exact: true })).toBeVisible();
    expect(await ada.evaluate(() => crossOriginIsolated)).toBe(true);
  });
  await test.step('pastes a text, looks at it and chooses it', async () => {
    await pasteData(ada, 'pasted.txt', text);
    await expect(ada.getByLabel('Beginning of the text')).toContainText('Once the cat sat on the mat.');
    await expect(ada.getByText(hash)).toBeVisible();
    const main = ada.getByRole('main');
    await expect(main.getByText(text.length.toLocaleString('en'), { exact: true })).toBeVisible();
    const last = Math.round(text.length * 0.1).toLocaleString('en');
    await expect(main.getByText(`Only measures: the last ${last}`)).toBeVisible();
    await ada.getByRole('button', { name: 'Train on this' }).click();
    await editorIsReady(ada);
    await expect(linesOf(ada)).toContainText('source: pasted.txt');
  });

  const { page: bob } = await person('Bob');
  await test.step('a second person sees it, and each sees the other typing', async () => {
    await editorIsReady(bob);
    await expect(linesOf(bob)).toContainText('source: pasted.txt');
    await expect(ada.getByRole('button', { name: 'Go to Bob, in anneal.yaml' })).toBeVisible();
    await expect(bob.getByRole('button', { name: 'Go to Ada, in anneal.yaml' })).toBeVisible();
    await typeAtTop(ada, '# Ada was here');
    await expect(linesOf(bob)).toContainText('# Ada was here');
    await expect(bob.locator('.remote-caret', { hasText: 'Ada' })).toBeVisible();
    await typeAtTop(bob, '# and Bob');
    await expect(linesOf(ada)).toContainText('# and Bob');
    await expect(ada.locator('.remote-caret', { hasText: 'Bob' })).toBeVisible();
    expect(await copyText(ada)).toBe(await copyText(bob));
  });
  await test.step('what cannot train is said before, with a way out', async () => {
    await pasteText(ada, tinyConfig({ embd: 130, heads: 4, steps: ENDLESS, save: 200 }));
    for (const page of [ada, bob]) {
      const problems = page.getByRole('region', { name: 'Problems' });
      await expect(problems).toContainText('n_embd (130) is not a multiple of n_head (4)');
      await expect(problems).toContainText('splits the n_embd features into n_head heads of equal size');
      await expect(problems.getByRole('button', { name: 'Use 128' })).toBeVisible();
      await expect(problems.getByRole('button', { name: 'Use 132' })).toBeVisible();
      await expect(page.getByRole('button', { name: 'Train', exact: true })).toHaveAttribute(
        'aria-disabled',
        'true',
      );
    }
    await ada.getByRole('button', { name: 'Use 128' }).click();
    await expect(linesOf(bob)).toContainText('n_embd: 128');
    // Both edit: the second one makes it smaller still.
    await pasteText(bob, tinyConfig({ embd: 96, heads: 4, steps: ENDLESS, save: 200 }));
    await expect(linesOf(ada)).toContainText('n_embd: 96');
    const estimate = ada.getByRole('region', { name: 'Estimate' });
    await expect(estimate.getByText('Parameters')).toBeVisible();
    await expect(estimate.getByText(/[\d.,]+ ?k/i).first()).toBeVisible();
    await expect(estimate.getByRole('row', { name: /Weights [\d.]+/ })).toBeVisible();
  });

  const steered = await test.step('the second person trains on the text of the first', async () => {
    const id = await train(bob);
    await runIs(bob, 'running');
    // Whether it came with the project or was fetched now: these bytes are on his machine, and it trains on them.
    const [created] = await eventsOf(bob, id);
    expect(created).toMatchObject({ type: 'created', data: { sha256: hash } });
    return id;
  });
  await test.step('paused, given another learning rate, continued', async () => {
    await bob.getByRole('button', { name: 'Pause' }).click();
    await runIs(bob, 'paused');
    await bob.getByRole('button', { name: 'Learning rate' }).click();
    await bob.getByLabel('From the next step on').fill('0.004');
    await bob.getByRole('button', { name: 'Set', exact: true }).click();
    await bob.getByRole('tab', { name: 'Events' }).click();
    await expect(bob.getByText('Paused', { exact: true })).toBeVisible();
    await bob.getByRole('button', { name: 'Continue' }).click();
    await expect(bob.getByText('Learning rate set to 0.004')).toBeVisible();
  });
  await test.step('stopped', async () => {
    await stop(bob);
    const kinds = (await eventsOf(bob, steered)).map(({ type }) => type);
    for (const kind of ['paused', 'learning_rate', 'continued', 'checkpoint']) expect(kinds).toContain(kind);
  });
  const run = await test.step('one that is short trains to its end', async () => {
    await goTo(bob, 'Editor');
    await pasteText(bob, tinyConfig({ embd: 96, heads: 4, steps: STEPS, save: 200, evaluate: STEPS / 4 }));
    const id = await train(bob);
    await runIs(bob, 'finished', 150_000);
    return id;
  });
  await test.step('the loss went down, and samples were drawn', async () => {
    const figures = await lossesOf(bob, run);
    expect(figures.map(({ step }) => step)).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
    const [first, last] = ends(figures);
    expect(last).toBeLessThan(first / 1.5);
    const events = await eventsOf(bob, run);
    const kinds = events.map(({ type }) => type);
    for (const kind of ['checkpoint', 'sampled', 'finished']) expect(kinds).toContain(kind);
    expect(events[0]).toMatchObject({
      type: 'created',
      data: { sha256: hash },
      config: { path: 'anneal.yaml' },
    });
    await expect(bob.getByRole('table', { name: /Figures at step/ })).toContainText(`Step ${STEPS}`);
    await bob.getByRole('tab', { name: 'Samples' }).click();
    await expect(bob.getByText('4 of 4')).toBeVisible();
    await bob.getByRole('tab', { name: 'Config' }).click();
    await expect(bob.getByText('as it was when Train was pressed')).toBeVisible();
  });

  const zip = await test.step('the model is saved as files that others read', async () => {
    await bob.getByRole('button', { name: 'Save model' }).click();
    const downloading = bob.waitForEvent('download');
    await bob.getByRole('menuitem', { name: 'Download as a zip' }).click();
    const download = await downloading;
    const path = await download.path();
    const files = await filesOf(path);
    expect([...files.keys()].sort()).toEqual(
      [
        'README.md',
        'config.json',
        'generation_config.json',
        'model.safetensors',
        'tokenizer.json',
        'tokenizer_config.json',
      ].sort(),
    );
    const config: unknown = JSON.parse(new TextDecoder().decode(files.get('config.json')));
    expect(config).toMatchObject({ model_type: 'gpt2', n_embd: 96, n_layer: 1, n_head: 4, n_positions: 16 });
    const tensors = readSafetensors(files.get('model.safetensors') ?? new Uint8Array());
    expect(tensors.names).toContain('transformer.wte.weight');
    expect(tensors.names).toContain('transformer.h.0.attn.c_attn.weight');
    return { name: download.suggestedFilename(), path };
  });
  await test.step('opened again, it writes, and stops when told', async () => {
    await goTo(bob, 'Models');
    const choosing = bob.waitForEvent('filechooser');
    await bob.getByRole('button', { name: 'Choose files' }).click();
    await (await choosing).setFiles({
      ...zip,
      mimeType: 'application/zip',
      buffer: await readFile(zip.path),
    });
    await expect(bob.getByRole('combobox', { name: 'Model' })).toHaveValue(zip.name.replace('.zip', ''));
    await bob.getByLabel('New tokens').fill('40');
    await bob.getByRole('button', { name: 'Write' }).click();
    await expect(bob.getByText('all tokens written')).toBeVisible();
    await expect(bob.getByText('40 tokens', { exact: true })).toBeVisible();
    await bob.getByLabel('New tokens').fill('100000');
    await bob.getByRole('button', { name: 'Write' }).click();
    const output = bob.locator('[aria-live=polite][aria-busy=true]');
    await expect(output).toHaveText(/^Once.{20,}/s); // it comes while it is written
    await bob.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect(bob.getByText('stopped', { exact: true })).toBeVisible();
  });
  await test.step('another run is laid over it; deleting can be undone', async () => {
    await goTo(bob, 'Editor');
    await pasteText(bob, tinyConfig({ steps: 40 }));
    await train(bob);
    await runIs(bob, 'finished');
    await bob.getByRole('combobox', { name: 'Compare with' }).click();
    await bob.getByRole('option', { name: 'tiny 2' }).click();
    await bob.keyboard.press('Escape');
    const figures = bob.getByRole('table', { name: /Figures at step/ });
    await expect(figures.getByRole('row', { name: 'tiny 2' })).toBeVisible();
    await expect(figures.getByRole('row', { name: 'tiny 3' })).toBeVisible();
    await goTo(bob, 'Runs');
    await expect(bob.getByRole('link', { name: 'tiny 2' })).toBeVisible();
    await bob.getByRole('button', { name: 'Delete tiny 2' }).click();
    await expect(bob.getByRole('link', { name: 'tiny 2' })).toHaveCount(0);
    await notice(bob, 'tiny 2 is deleted').getByRole('button', { name: 'Undo' }).click();
    await expect(bob.getByRole('link', { name: 'tiny 2' })).toBeVisible();
  });
  await test.step('the other person has no runs of this one, and still the text', async () => {
    await goTo(ada, 'Runs');
    await expect(ada).toHaveURL(/\/runs$/);
    await expect(ada.getByText('Nothing has been trained here yet')).toBeVisible();
    await goTo(ada, 'Data');
    await expect(ada.getByRole('navigation', { name: 'Texts' }).getByText('pasted.txt')).toBeVisible();
  });
});

/** The files of a zip by name, without the folder they are in. */
async function filesOf(path: string): Promise<ReadonlyMap<string, ModelFile['bytes']>> {
  const bytes = new Uint8Array(await readFile(path));
  async function* once() {
    yield bytes;
  }
  const files = new Map<string, ModelFile['bytes']>();
  for await (const file of unzipped(once())) files.set(file.path.split('/').at(-1) ?? '', file.bytes);
  return files;
}
