import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from '@playwright/test';
import { editorIsReady, linesOf, pasteText, train } from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { reached, reaches, runIs } from './testing/runs.ts';
import { goTo, pasteData } from './testing/screens.ts';
import { type Task, tasksDuring } from './testing/tasks.ts';
import { ENDLESS, smallText, tinyConfig } from './testing/texts.ts';

/** No task of the page may need more of a processor than a frame has while a run trains: milliseconds. */
const LIMIT = 16;
/** Steps that must pass in front of each screen. */
const STEPS = 300;
/** For each screen, milliseconds. */
const WATCHED = 10_000;

test('the page stays free while a run trains', async ({ browser, person }) => {
  const { page } = await person('Ada');
  await pasteData(page, 'pasted.txt', smallText());
  await goTo(page, 'Editor');
  await pasteText(page, tinyConfig({ steps: ENDLESS, save: 500, device: 'wasm', embd: 64, heads: 4 }));
  const run = await train(page);
  await runIs(page, 'running');
  await expect(page.getByRole('table', { name: /Figures at step/ })).toBeVisible();
  await stepsPass(page, run); // the screen has been drawn
  const watching = await longTasks(browser, page);
  await goTo(page, 'Editor');
  await editorIsReady(page);
  await hintsAreShown(page);
  await stepsPass(page, run);
  const beside = await longTasks(browser, page);
  expect(watching, 'the screen of the run').toEqual([]);
  expect(beside, 'the editor').toEqual([]);
});

/** What opening a screen left behind is collected first: what is collected later, the run has left. */
async function longTasks(browser: Browser, page: Page): Promise<readonly Task[]> {
  await page.requestGC();
  return tasksDuring(browser, page, () => delay(WATCHED), LIMIT);
}

/** All that opening the editor draws has been drawn: what comes later, the run has caused. */
async function hintsAreShown(page: Page): Promise<void> {
  // A run without an end sees its data too often: the one thing that is said of this config.
  await expect(page.getByRole('region', { name: 'Problems' })).toContainText('each is seen');
  await expect(page.getByRole('region', { name: 'Estimate' })).toContainText(/Time of the run\s*\d/);
  await expect(linesOf(page)).toContainText(/parameters,.*to\strain/);
}

async function stepsPass(page: Page, run: string): Promise<void> {
  await reaches(page, run, (await reached(page, run)) + STEPS);
}
