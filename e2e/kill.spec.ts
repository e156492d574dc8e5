import type { Page } from '@playwright/test';
import { pasteText, train } from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { checkpointsOf, eventsOf, lossesOf, reached, reaches, runIs, stop } from './testing/runs.ts';
import { goTo, pasteData } from './testing/screens.ts';
import { ENDLESS, smallText, tinyConfig } from './testing/texts.ts';

/** A checkpoint in so many steps, and an evaluation. */
const SAVES = { 'tfjs-webgpu': 20, 'tfjs-wasm': 50, webgpu: 40, wasm: 400 } as const;

// A tab that dies in the middle of a step loses nothing but time: what follows is the same to the last bit.
for (const [device, SAVE] of Object.entries(SAVES)) {
  test(`a killed tab goes on with the same losses bit for bit on ${device}`, async ({ person, server }) => {
    const { page, context } = await person('Ada');
    await pasteData(page, 'pasted.txt', smallText());
    await goTo(page, 'Editor');
    await pasteText(page, tinyConfig({ steps: ENDLESS, save: SAVE, evaluate: SAVE, device }));
    const killed = await train(page);
    // Past a checkpoint that is on disk, and past it by some steps, which are to be lost.
    await reaches(page, killed, SAVE + 3);
    await expect.poll(() => checkpointsOf(page, killed), { timeout: 60_000 }).toBeGreaterThan(0);
    await crash(page);

    const again = await context.newPage();
    await again.goto(`${server.url}/p/sample/runs/${killed}`);
    await runIs(again, 'interrupted');
    const cut = await reached(again, killed);
    await again.getByRole('button', { name: /Resume from step \d+/ }).click();
    // Past another one of each.
    await reaches(again, killed, cut + SAVE, 120_000);
    await stop(again);
    const events = await eventsOf(again, killed);
    const resumed = events.filter(({ type }) => type === 'started').at(-1);
    expect(resumed).toMatchObject({ device: { name: device } });
    expect(resumed?.step).toBeGreaterThanOrEqual(SAVE);
    expect(resumed?.step).toBeLessThanOrEqual(cut);

    const end = cut + SAVE;
    await goTo(again, 'Editor');
    const straight = await train(again);
    expect(straight).not.toBe(killed);
    await reaches(again, straight, end, 120_000);
    await stop(again);
    const upTo = async (run: string) => (await lossesOf(again, run)).slice(0, end);
    const losses = await upTo(killed);
    expect(losses.map(({ step }) => step)).toEqual(Array.from({ length: end }, (_, i) => i + 1));
    expect(losses).toEqual(await upTo(straight));
    const evaluations = await evalsOf(again);
    const measured = (run: string) => evaluations.get(run)?.slice(0, Math.floor(end / SAVE));
    expect(measured(killed)).toEqual(measured(straight));
    expect(measured(killed)).toHaveLength(Math.floor(end / SAVE));
  });
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
