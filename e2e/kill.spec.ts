import type { Page } from '@playwright/test';
import { pasteText, train } from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { eventsOf, lossesOf, runIs } from './testing/runs.ts';
import { goTo, pasteData } from './testing/screens.ts';
import { smallText, tinyConfig } from './testing/texts.ts';

/** Long enough that a fast machine is still in the middle when the tab dies. */
const LENGTHS = [
  { device: 'tfjs-webgpu', STEPS: 200, SAVE: 20, embd: 16 },
  { device: 'tfjs-wasm', STEPS: 1000, SAVE: 50, embd: 16 },
  { device: 'webgpu', STEPS: 400, SAVE: 40, embd: 16 },
  { device: 'wasm', STEPS: 8000, SAVE: 400, embd: 64 },
] as const;

// A tab that dies in the middle of a step loses nothing but time: what follows is the same to the last bit.
for (const { device, STEPS, SAVE, embd } of LENGTHS) {
  test(`a killed tab goes on with the same losses bit for bit on ${device}`, async ({ person, server }) => {
    const { page, context } = await person('Ada');
    await pasteData(page, 'pasted.txt', smallText());
    await goTo(page, 'Editor');
    await pasteText(page, tinyConfig({ steps: STEPS, save: SAVE, evaluate: STEPS / 2, device, embd }));
    const straight = await train(page);
    await runIs(page, 'finished', 120_000);

    await goTo(page, 'Editor');
    const killed = await train(page);
    expect(killed).not.toBe(straight);
    // Past a checkpoint, and past it by some steps, which are to be lost.
    await expect.poll(() => reached(page, killed), { intervals: [50] }).toBeGreaterThan(SAVE + 3);
    await crash(page);

    const again = await context.newPage();
    await again.goto(`${server.url}/p/sample/runs/${killed}`);
    await runIs(again, 'interrupted');
    expect(await reached(again, killed)).toBeLessThan(STEPS);
    await again.getByRole('button', { name: /Resume from step \d+/ }).click();
    await runIs(again, 'finished', 120_000);

    const events = await eventsOf(again, killed);
    const resumed = events.filter(({ type }) => type === 'started').at(-1);
    expect(resumed).toMatchObject({ device: { name: device } });
    expect(resumed?.step).toBeGreaterThanOrEqual(SAVE);
    expect(resumed?.step).toBeLessThan(STEPS);
    const losses = await lossesOf(again, killed);
    expect(losses).toHaveLength(STEPS);
    expect(losses).toEqual(await lossesOf(again, straight));
    const evaluations = await evalsOf(again);
    expect(evaluations.get(killed)).toEqual(evaluations.get(straight));
  });
}

/** The last step whose figures are on disk. */
async function reached(page: Page, run: string): Promise<number> {
  return (await lossesOf(page, run)).at(-1)?.step ?? 0;
}

/** Ends the tab's process on the spot: no handler runs, no write is finished. */
async function crash(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  session.send('Page.crash').catch(() => undefined); // nobody is left to answer
  await crashed;
  await page.close();
}

/** The validation losses of all runs, by run. */
async function evalsOf(page: Page): Promise<ReadonlyMap<string, readonly number[]>> {
  const rows = await page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('anneal');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const found = await new Promise<{ run: string; step: number; val_loss: number }[]>((resolve, reject) => {
      const request = database.transaction('evals').objectStore('evals').getAll();
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    database.close();
    return found;
  });
  const byRun = Map.groupBy(rows, ({ run }) => run);
  return new Map([...byRun].map(([run, those]) => [run, those.map(({ val_loss }) => val_loss)]));
}
