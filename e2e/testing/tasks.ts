import type { Browser, Page } from '@playwright/test';

/** A task of the page's main thread. */
export interface Task {
  /** Processor time: on cores that train, draw without a GPU and run the tests, a task also waits for its turn. */
  readonly cpu_ms: number;
  readonly wall_ms: number;
  /** What took most of it, the longest first. */
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

const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8.execute', 'toplevel'];

/**
 * The tasks of the page's main thread during `work` that took more than `above` milliseconds of a processor,
 * as the browser's own trace has them; the longest first. Throws where the trace has no such thread in it.
 */
export async function tasksDuring(
  browser: Browser,
  page: Page,
  work: () => Promise<void>,
  above: number,
): Promise<readonly Task[]> {
  await browser.startTracing(page, { categories: CATEGORIES });
  await work();
  const trace: { readonly traceEvents: readonly TraceEvent[] } = JSON.parse(
    (await browser.stopTracing()).toString(),
  );
  const mains = new Set(
    trace.traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid}/${tid}`),
  );
  const events = trace.traceEvents.filter(({ ph, pid, tid }) => ph === 'X' && mains.has(`${pid}/${tid}`));
  const tasks = events.filter(({ name }) => name === 'RunTask');
  if (tasks.length < 100 || tasks.every(({ tdur }) => !tdur))
    throw new Error('The trace has no main thread.');
  return tasks
    .filter(({ tdur = 0 }) => tdur > above * 1000)
    .sort((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0))
    .map((task) => ({
      cpu_ms: (task.tdur ?? 0) / 1000,
      wall_ms: (task.dur ?? 0) / 1000,
      of: partsOf(task, events),
    }));
}

function partsOf(task: TraceEvent, events: readonly TraceEvent[]): string {
  return events
    .filter(
      (one) =>
        one !== task &&
        one.name !== 'ThreadControllerImpl::RunTask' &&
        one.tid === task.tid &&
        one.pid === task.pid &&
        one.ts >= task.ts &&
        one.ts + (one.dur ?? 0) <= task.ts + (task.dur ?? 0),
    )
    .sort((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0))
    .slice(0, 6)
    .map(({ name, tdur = 0, args }) => {
      const { functionName = '', url = '' } = args?.data ?? {};
      return `${[name, functionName, url.split('/').at(-1)].filter(Boolean).join(' ')} ${(tdur / 1000).toFixed(1)} ms`;
    })
    .join('; ');
}
