import type { Browser, Page } from '@playwright/test';
import { editorIsReady, pasteText, train, typeAtTop } from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { lossesOf, runIs } from './testing/runs.ts';
import { goTo, pasteData } from './testing/screens.ts';
import { smallText, tinyConfig } from './testing/texts.ts';

/**
 * No task of the page may need more of a processor than this while a run trains, milliseconds. Processor time and
 * not the clock's: on two cores that train, draw without a GPU and run the tests, a task also waits for its turn.
 */
const LIMIT = 50;
/** Steps that must pass in front of each screen. */
const STEPS = 300;

test('the page stays free while a run trains', async ({ browser, person }) => {
  const { page } = await person('Ada');
  await pasteData(page, 'pasted.txt', smallText());
  await goTo(page, 'Editor');
  await pasteText(page, tinyConfig({ steps: 100_000, save: 500, device: 'tfjs-wasm' }));
  const run = await train(page);
  await runIs(page, 'running');
  await expect(page.getByRole('table', { name: /Figures at step/ })).toBeVisible();
  await stepsPass(page, run); // the screen has been drawn
  const watching = await tasksDuring(browser, page, () => stepsPass(page, run));
  await goTo(page, 'Editor');
  await editorIsReady(page);
  await stepsPass(page, run);
  const writing = await tasksDuring(browser, page, async () => {
    await typeAtTop(page, '# written while it trains');
    await stepsPass(page, run);
  });
  expect(tooLong(watching), 'the screen of the run').toEqual([]);
  expect(tooLong(writing), 'the editor').toEqual([]);
});

async function stepsPass(page: Page, run: string): Promise<void> {
  const now = async (): Promise<number> => (await lossesOf(page, run)).at(-1)?.step ?? 0;
  const from = await now();
  await expect.poll(now, { timeout: 60_000, intervals: [1000] }).toBeGreaterThan(from + STEPS);
}

interface Task {
  readonly cpu_ms: number;
  readonly wall_ms: number;
  /** What took most of it. */
  readonly of: string;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: {
    readonly name?: string;
    readonly data?: { readonly functionName?: string; readonly url?: string };
  };
}

function tooLong(tasks: readonly Task[]): readonly Task[] {
  return tasks.filter(({ cpu_ms }) => cpu_ms > LIMIT);
}

/** The tasks of the page's main thread during `work`, as the browser's own trace has them. */
async function tasksDuring(
  browser: Browser,
  page: Page,
  work: () => Promise<void>,
): Promise<readonly Task[]> {
  await browser.startTracing(page, {
    categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8.execute', 'toplevel'],
  });
  await work();
  const { traceEvents }: { readonly traceEvents: readonly TraceEvent[] } = JSON.parse(
    (await browser.stopTracing()).toString(),
  );
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid}/${tid}`),
  );
  const events = traceEvents.filter(({ ph, pid, tid }) => ph === 'X' && mains.has(`${pid}/${tid}`));
  const tasks = events.filter(({ name }) => name === 'RunTask');
  expect(tasks.length).toBeGreaterThan(100); // the trace has the thread in it
  expect(tasks.some(({ tdur }) => (tdur ?? 0) > 0)).toBe(true);
  return tasks
    .filter(({ dur = 0 }) => dur > LIMIT * 1000)
    .map((task) => {
      const inside = events
        .filter(
          (one) =>
            one !== task &&
            one.name !== 'ThreadControllerImpl::RunTask' &&
            one.tid === task.tid &&
            one.pid === task.pid &&
            one.ts >= task.ts &&
            one.ts + (one.dur ?? 0) <= task.ts + (task.dur ?? 0),
        )
        .sort((a, b) => (b.dur ?? 0) - (a.dur ?? 0))
        .slice(0, 5);
      return {
        cpu_ms: (task.tdur ?? 0) / 1000,
        wall_ms: (task.dur ?? 0) / 1000,
        of: inside
          .map(
            ({ name, dur = 0, args }) =>
              `${name} ${args?.data?.functionName ?? ''} ${(dur / 1000).toFixed(0)} ms`,
          )
          .join('; '),
      };
    });
}
