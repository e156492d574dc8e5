import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from '@playwright/test';
import { pasteText, train } from '../e2e/testing/editor.ts';
import { goTo, pasteData } from '../e2e/testing/screens.ts';
import { tasksDuring } from '../e2e/testing/tasks.ts';
import { smallText, tinyConfig } from '../e2e/testing/texts.ts';
import { canRecord } from '../src/domain/runs/recording.ts';
import type { DeviceName } from '../src/engine/device.ts';
import { type BenchReport, bar, machine } from './report.ts';
import { inStudio } from './studio.ts';

/**
 * The longest task of the page's main thread on each screen while a run trains in its worker, in processor
 * time by the browser's own trace; beside it the longest of the same page before anything trained. What is
 * caused by training is what comes by itself: nobody presses anything but where the row says so.
 */
export const usage = 'main-thread [--device wasm|webgpu|...]';

/** A task needs fewer milliseconds than a frame has. */
const LIMIT_MS = 16;
/** For each screen, milliseconds. */
const WATCH_MS = 8_000;

export async function run(args: readonly string[]): Promise<BenchReport> {
  const device = args[0] === '--device' ? (args[1] ?? 'wasm') : 'wasm';
  return inStudio(async (browser, url) => {
    const results = await measure(browser, url, device);
    const trained = results.filter(({ training, pressed }) => training && !pressed);
    return {
      name: 'main-thread',
      machine: machine(),
      results,
      bars: [
        bar(
          'longest task that training causes, ms of a processor',
          Math.max(...trained.map(({ longest_ms }) => longest_ms)),
          '<=',
          LIMIT_MS,
        ),
      ],
    };
  });
}

interface Row extends Record<string, unknown> {
  readonly screen: string;
  readonly training: boolean;
  /** Whether somebody pressed something meanwhile. */
  readonly pressed: boolean;
  readonly longest_ms: number;
  readonly of: string;
}

async function measure(browser: Browser, url: string, device: string): Promise<Row[]> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
    serviceWorkers: 'block',
  });
  const page = await context.newPage();
  await page.goto(`${url}/p/sample`);
  const rows: Row[] = [];
  const row = async (
    screen: string,
    about: Pick<Row, 'training' | 'pressed'>,
    work: () => Promise<unknown> = async () => undefined,
  ): Promise<void> => {
    if (!about.pressed) await page.requestGC(); // what opening the screen left behind
    const during = async (): Promise<void> => {
      await work();
      await delay(WATCH_MS);
    };
    const [longest] = await tasksDuring(browser, page, during, 0);
    rows.push({ screen, ...about, longest_ms: longest?.cpu_ms ?? 0, of: longest?.of ?? '' });
  };
  const still = { training: true, pressed: false };
  const press = { training: true, pressed: true };

  await pasteData(page, 'pasted.txt', smallText());
  await goTo(page, 'Editor');
  await pasteText(page, tinyConfig({ steps: 10_000_000, save: 500, evaluate: 500, device, embd: 64 }));
  await delay(WATCH_MS); // checks, probing
  await row('editor', { training: false, pressed: false });
  await row('press Train', press, () => train(page));
  await row('the run', still);
  await page.getByRole('tab', { name: 'Profile' }).click();
  if (canRecord(device as DeviceName)) {
    const record = page.getByRole('button', { name: 'Record a step' });
    await record.waitFor();
    await row('record a step', press, async () => {
      await record.click();
      await page.getByRole('table', { name: 'Time by op' }).waitFor();
    });
    await row('the run, with a profile', still);
  }
  await page.getByRole('tab', { name: 'Events' }).click();
  await row('the run, with its events', still);
  await goTo(page, 'Runs');
  await row('the list of runs', still);
  await row('open the run', press, () => page.getByRole('link', { name: /^tiny/ }).first().click());
  await goTo(page, 'Editor');
  await row('editor', still);
  await stop(page, url);
  return rows;
}

async function stop(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/p/sample/runs`);
  await page.getByRole('link', { name: /^tiny/ }).first().click();
  const button = page.getByRole('button', { name: 'Stop' });
  if (await button.isVisible()) await button.click();
}
