import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from '@playwright/test';
import { quantile } from './quantile.ts';
import { type BenchReport, bar, machine } from './report.ts';
import { inStudio } from './studio.ts';

/**
 * From a key in one browser to the letter on the screen of another: two contexts, the built studio, the real
 * server with durability. A key's time is that of its event in the first page; a letter is on the screen when
 * the frame that holds it has been handed to the compositor. Both clocks are performance.timeOrigin +
 * performance.now(), which on one machine come from one clock; their difference is measured and reported.
 */
const KEYS = 240;
/** Of these the first few warm up code and are left out. */
const WARM_UP = 40;
/** A fast typist: about 8 keys a second, not in step with the frames. */
const INTERVAL_MS = [70, 170] as const;
const MARK = '# typed: ';

export async function run(): Promise<BenchReport> {
  return inStudio(async (browser, url) => {
    const writer = await open(browser, url);
    const reader = await open(browser, url);
    await watch(reader);
    const skew = await clockDifference(writer, reader);
    const pressed = await type(writer);
    await reader.waitForFunction((count) => (window as unknown as Bench).painted[count] !== undefined, KEYS);
    const painted = await reader.evaluate(() => (window as unknown as Bench).painted);
    const latencies = pressed.map((at, index) => (painted[index + 1] ?? Number.NaN) - at).slice(WARM_UP);
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantile(latencies, share));
    return {
      name: 'typing',
      machine: machine(),
      results: [
        {
          keys: latencies.length,
          p50_ms: p50,
          p95_ms: p95,
          p99_ms: p99,
          max_ms: Math.max(...latencies),
          clock_difference_ms: skew,
        },
      ],
      bars: [bar('key to the other screen, p95 ms', p95 ?? Number.NaN, '<=', 100)],
    };
  });
}

interface Bench {
  /** When the line first showed so many letters, by their number. */
  painted: number[];
  pressed: number[];
}

async function open(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    serviceWorkers: 'block',
  });
  const page = await context.newPage();
  await page.goto(`${url}/p/sample`);
  await page.locator('.view-line').first().waitFor();
  // What computes here is of no interest: wait until probing and preparing data are over.
  await page.waitForFunction(
    () =>
      !/Looking for|Preparing|Tokeniz|Generat|Encod|%/.test(
        document.querySelector('.status-bar')?.textContent ?? '',
      ),
    undefined,
    { timeout: 180_000 },
  );
  return page;
}

/** Notes, in the reading page, when the marked line first stood on the screen with so many letters. */
async function watch(page: Page): Promise<void> {
  await page.evaluate((mark) => {
    const bench = window as unknown as Bench;
    bench.painted = [];
    let seen = 0;
    const lettersNow = (): number => {
      for (const line of document.querySelectorAll('.view-line')) {
        const text = (line.textContent ?? '').replaceAll('\u00a0', ' ');
        const at = text.indexOf(mark);
        if (at !== -1) return text.slice(at + mark.length).trimEnd().length;
      }
      return 0;
    };
    const lines = document.querySelector('.view-lines');
    if (lines === null) throw new Error('There is no editor on the page.');
    new MutationObserver(() => {
      const letters = lettersNow();
      if (letters <= seen) return;
      const from = seen;
      seen = letters;
      // The task after the frame's callbacks: style, layout and paint of this frame are done.
      requestAnimationFrame(() => {
        const after = new MessageChannel();
        after.port1.onmessage = () => {
          const at = performance.timeOrigin + performance.now();
          for (let count = from + 1; count <= letters; count++) bench.painted[count] ??= at;
        };
        after.port2.postMessage(null);
      });
    }).observe(lines, { childList: true, subtree: true, characterData: true });
  }, MARK);
}

/** Types the marked line at the very top, which is on both screens, then letters; resolves with their times. */
async function type(page: Page): Promise<readonly number[]> {
  await page.locator('.view-line').first().click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.type(MARK);
  await page.keyboard.press('Escape');
  await delay(1000);
  await page.evaluate(() => {
    const bench = window as unknown as Bench;
    bench.pressed = [];
    const note = (event: KeyboardEvent): void => {
      if (event.key.length === 1) bench.pressed.push(performance.timeOrigin + event.timeStamp);
    };
    window.addEventListener('keydown', note, { capture: true });
  });
  const [least, most] = INTERVAL_MS;
  for (let key = 0; key < KEYS; key++) {
    await page.keyboard.press('abcdefghijklmnopqrstuvwxyz'.charAt(key % 26));
    await delay(least + Math.random() * (most - least));
  }
  return await page.evaluate(() => (window as unknown as Bench).pressed);
}

/** Milliseconds between the two pages' clocks, each held against the wall clock. */
async function clockDifference(a: Page, b: Page): Promise<number> {
  const offset = (page: Page): Promise<number> =>
    page.evaluate(() => {
      const differences = Array.from(
        { length: 1000 },
        () => performance.timeOrigin + performance.now() - Date.now(),
      );
      return differences.reduce((sum, one) => sum + one, 0) / differences.length;
    });
  return Math.abs((await offset(a)) - (await offset(b)));
}
