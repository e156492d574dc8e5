import { expect, type Locator, type Page } from '@playwright/test';

type RunState = 'queued' | 'running' | 'paused' | 'interrupted' | 'finished' | 'failed' | 'stopped';

/** The badge beside the name of the run on its screen. */
export function stateBadge(page: Page): Locator {
  return page.getByRole('main').locator('[data-state]').first();
}

export async function runIs(page: Page, state: RunState, timeout = 60_000): Promise<void> {
  await expect(stateBadge(page)).toHaveAttribute('data-state', state, { timeout });
}

export interface Figure {
  readonly step: number;
  readonly loss: number;
}

/** Every step's loss to the last bit, as IndexedDB holds it. */
export async function lossesOf(page: Page, run: string): Promise<readonly Figure[]> {
  const rows = await rowsOf<{ step: Float64Array; loss: Float64Array }>(page, 'metrics', run, [
    'step',
    'loss',
  ]);
  return rows.flatMap(({ step, loss }) =>
    Array.from(step, (at, i) => ({ step: at, loss: loss[i] ?? Number.NaN })),
  );
}

/** The last step whose figures are on disk; 0 before the first. */
export async function reached(page: Page, run: string): Promise<number> {
  return (await lossesOf(page, run)).at(-1)?.step ?? 0;
}

/** Until the figures of this step are on disk. A run that does not get there says what became of it. */
export async function reaches(page: Page, run: string, step: number, timeout = 60_000): Promise<void> {
  try {
    await expect
      .poll(() => reached(page, run), { timeout, intervals: [50, 100, 250] })
      .toBeGreaterThanOrEqual(step);
  } catch (error) {
    const last = (await eventsOf(page, run)).slice(-5).map((event) => JSON.stringify(event));
    throw new Error(`The run did not reach step ${step}. Its last events:\n${last.join('\n')}`, {
      cause: error,
    });
  }
}

/** Ends a run that was given more steps than anybody waits for. */
export async function stop(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await runIs(page, 'stopped');
}

export interface KeptEvent {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** The events of a run as they are kept, in order. */
export async function eventsOf(page: Page, run: string): Promise<readonly KeptEvent[]> {
  const rows = await rowsOf<{ seq: number; event: KeptEvent }>(page, 'events', run, ['seq', 'event']);
  return rows.sort((a, b) => a.seq - b.seq).map(({ event }) => event);
}

/** How many checkpoints of it were written. */
export async function checkpointsOf(page: Page, run: string): Promise<number> {
  return (await eventsOf(page, run)).filter(({ type }) => type === 'checkpoint').length;
}

/** These fields of a run's rows, as IndexedDB holds them: not through any code of the studio. */
async function rowsOf<Row>(
  page: Page,
  table: string,
  run: string,
  fields: readonly (keyof Row & string)[],
): Promise<Row[]> {
  const rows = await page.evaluate(
    async ([name, id, wanted]) => {
      const result = <T>(request: IDBRequest<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      const database = await result(indexedDB.open('anneal'));
      const kept: readonly Record<string, unknown>[] = await result(
        database.transaction(name).objectStore(name).getAll(),
      );
      database.close();
      return kept
        .filter((row) => row.run === id)
        .map((row) => Object.fromEntries(wanted.map((field) => [field, row[field]])));
    },
    [table, run, fields] as const,
  );
  return rows as Row[];
}

/** The first and the last steps' mean loss. */
export function ends(figures: readonly Figure[], count = 8): readonly [first: number, last: number] {
  const mean = (part: readonly Figure[]): number =>
    part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
  return [mean(figures.slice(0, count)), mean(figures.slice(-count))];
}
