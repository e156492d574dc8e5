import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { pasteText, train } from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { checkpointsOf, ends, eventsOf, lossesOf, reached, reaches, runIs, stop } from './testing/runs.ts';
import { goTo, pasteData } from './testing/screens.ts';
import { ENDLESS, smallText, tinyConfig } from './testing/texts.ts';

test('a run on our own processor device: learns, and shows where the time of a step goes', async ({
  person,
}) => {
  const { page } = await person('Ada');
  const run = await begin(page, 'wasm');
  await test.step('it says what computes, and why', async () => {
    await page.getByRole('tab', { name: 'Facts' }).click();
    await expect(page.getByRole('row', { name: /^Device/ })).toContainText(/wasm: WASM, .*SIMD/);
    await expect(page.getByRole('row', { name: /^Why this device/ })).toContainText('chosen by name');
  });
  await test.step('a step is recorded while it trains, as a step like any other', async () => {
    await page.getByRole('tab', { name: 'Profile' }).click();
    await page.getByRole('button', { name: 'Record a step' }).click();
    await expect(page.getByText(/take[s]? \d+% of the step|no kernel runs/)).toBeVisible();
    await expect(page.getByText(/timed by the processor/)).toBeVisible();
    const table = page.getByRole('table', { name: 'Time by op' });
    await expect(table.getByRole('row', { name: /^matmul .*transformer\.h\.\*/ }).first()).toBeVisible();
    await page.getByText('Kind', { exact: true }).click();
    await expect(table.getByRole('row', { name: /^Matrix products/ })).toBeVisible();
    await expect(table.getByRole('row', { name: /^all/ })).toBeVisible();
  });
  await test.step('the timeline reads kernel by kernel', async () => {
    const timeline = page.getByRole('slider', { name: /^Timeline of the step/ });
    await timeline.focus();
    await timeline.press('End');
    await expect(page.getByText(/from [\d.]+ ms on/)).toBeVisible();
    await timeline.press('+');
    await expect(page.getByRole('button', { name: /: show all/ })).toBeVisible();
    await timeline.press('Escape');
  });
  await test.step('the trace goes out in a form that Chrome opens', async () => {
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export for Chrome' }).click();
    const file = await downloading;
    expect(file.suggestedFilename()).toMatch(/\.trace\.json$/);
    const { traceEvents } = JSON.parse(await readFile(await file.path(), 'utf8'));
    const kernels = traceEvents.filter(({ ph }: { ph: string }) => ph === 'X');
    expect(kernels.length).toBeGreaterThan(10);
    expect(kernels.every(({ ts, dur }: { ts: number; dur: number }) => ts >= 0 && dur >= 0)).toBe(true);
  });
  await test.step('what was recorded is still there when the run is over', async () => {
    await stop(page);
    await page.reload();
    await page.getByRole('tab', { name: 'Profile' }).click();
    await expect(page.getByRole('table', { name: 'Time by op' })).toBeVisible();
    await expect(page.getByRole('button', { name: /^Record/ })).toHaveCount(0);
    const [first, last] = ends(await lossesOf(page, run));
    expect(last).toBeLessThan(first);
  });
});

test('auto takes one of our own devices, and says which others were tried and what became of them', async ({
  person,
}) => {
  const { page } = await person('Ada');
  const run = await begin(page, 'auto');
  await page.getByRole('tab', { name: 'Facts' }).click();
  await expect(page.getByRole('row', { name: /^Device/ })).toContainText(/(?<!-)(wasm|webgpu): /);
  await expect(page.getByRole('row', { name: /^Why this device/ })).toContainText(/fastest that works here/);
  const others = page.getByRole('row', { name: /^Other devices/ });
  await expect(others).toContainText(/tfjs-wasm: took [\d.]+ ms for the probe step/);
  await expect(others).toContainText(/reference: was not tried: a faster one works/);
  const started = (await eventsOf(page, run)).find(({ type }) => type === 'started');
  expect(started).toMatchObject({ device: { name: expect.stringMatching(/^(wasm|webgpu)$/) } });
  await stop(page);
});

test('a device that cannot record a step says which can', async ({ person }) => {
  const { page } = await person('Ada');
  await begin(page, 'tfjs-wasm');
  await page.getByRole('tab', { name: 'Profile' }).click();
  await expect(page.getByText(/tfjs-wasm cannot tell one kernel from the next/)).toContainText(
    'device: webgpu',
  );
  await stop(page);
});

for (const device of ['wasm', 'webgpu'] as const) {
  test(`a worker that is killed in mid-step on ${device} frees everything, and its run goes on`, async ({
    person,
  }) => {
    const { page } = await person('Ada');
    await rememberWorkers(page);
    const run = await begin(page, device);
    await expect
      .poll(() => checkpointsOf(page, run), { timeout: 60_000, intervals: [50] })
      .toBeGreaterThan(1);
    await page.evaluate(() => {
      for (const worker of (window as unknown as { workers: Worker[] }).workers) worker.terminate();
    });
    // The worker's own helpers go with it.
    await expect.poll(() => page.workers().filter((one) => /trainer|helper/.test(one.url())).length).toBe(0);
    const killedAt = await reached(page, run);
    await page.reload();
    await runIs(page, 'interrupted');
    await page.getByRole('button', { name: /Resume from step \d+/ }).click();
    await runIs(page, 'running');
    await reaches(page, run, killedAt + 1);
    await stop(page);
    const steps = (await lossesOf(page, run)).map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: steps.length }, (_, i) => i + 1));
  });
}

/** Presses Train on a config of this device, and waits until it trains. */
async function begin(page: Page, device: string): Promise<string> {
  await pasteData(page, 'pasted.txt', smallText());
  await goTo(page, 'Editor');
  await pasteText(page, tinyConfig({ steps: ENDLESS, save: 50, device, embd: 64, heads: 4 }));
  const run = await train(page);
  await runIs(page, 'running');
  await reaches(page, run, 20);
  return run;
}

/** Keeps the page's workers within reach, to kill them as a browser short of memory does. */
async function rememberWorkers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const workers: Worker[] = [];
    Object.assign(window, { workers });
    window.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        if (options?.name === 'trainer') workers.push(this);
      }
    };
  });
  await page.reload();
}
