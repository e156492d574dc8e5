import { readFileSync } from 'node:fs';
import type { Browser } from '@playwright/test';
import { pasteText, train } from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { reaches } from './testing/runs.ts';
import { goTo, pasteData } from './testing/screens.ts';
import { ENDLESS, smallText, tinyConfig } from './testing/texts.ts';

/**
 * What a step of the model below saves for its gradient is 200 MB, some of which the process may have had from
 * journeys before. It is the batch that is large, not the model: a checkpoint of 150 MB is more than some machines
 * leave a browser.
 */
const HELD = 100;
/** What a browser keeps for itself. */
const LEFT = 50;

// The memory of a GPU that is computed by the processor is that of the browser's GPU process.
test('a tab that is killed in the middle of a step leaves nothing on the GPU', async ({
  person,
  browser,
}) => {
  test.skip(process.platform !== 'linux', 'what a process holds is read from /proc');
  const { page } = await person('Ada');
  await pasteData(page, 'pasted.txt', smallText(1600));
  await goTo(page, 'Editor');
  const long = { steps: ENDLESS, save: ENDLESS };
  const large = { embd: 64, positions: 64, batch: 640 };
  await pasteText(page, tinyConfig({ ...long, ...large, device: 'webgpu' }));
  const gpu = await gpuProcess(browser);
  const before = megabytes(gpu);
  const run = await train(page);
  await reaches(page, run, 2, 120_000);
  await expect.poll(() => megabytes(gpu) - before, { timeout: 60_000 }).toBeGreaterThan(HELD);
  const session = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  session.send('Page.crash').catch(() => undefined); // nobody is left to answer
  await crashed;
  // It computes to their end the steps that it was given, which beside other work takes a processor minutes.
  await expect.poll(() => megabytes(gpu) - before, { timeout: 240_000 }).toBeLessThan(LEFT);
  await page.close();
});

async function gpuProcess(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const found = processInfo.find(({ type }) => type === 'GPU');
  if (found === undefined) throw new Error('the browser has no GPU process');
  return found.id;
}

/** Resident and its own, without what is mapped from files. */
function megabytes(process: number): number {
  const status = readFileSync(`/proc/${process}/status`, 'utf8');
  return Number(/RssAnon:\s*(\d+) kB/.exec(status)?.[1]) / 1024;
}
