import { type AnnealError, toAnnealError } from '../../base/error.ts';
import { type RunId, runIdSchema } from '../../domain/runs/events.ts';
import type { Locks, RunStore, SharedSettings } from '../../domain/runs/ports.ts';
import type { Run } from '../../domain/runs/run.ts';
import { protocolErrors } from '../../protocol/errors.ts';
import { type ReviewPerson, reviewPersonSchema } from '../../protocol/review.ts';
import type { ReviewClient } from '../../sdk/review.ts';

/** Has the server keep what each run trains: with the run, or once it can be reached, be it from the next page. */
export interface RunVersions {
  /** Starts a run, whose text is kept if it has started. */
  with<T>(run: RunId, start: () => Promise<T>): Promise<T>;
  /** The server may be there, or somebody else at this browser: sends what waits. */
  wake(): void;
}

interface Deps {
  readonly client: Pick<ReviewClient, 'createVersion'>;
  /** A guest's id is that of his link: he has another session whenever he opens it. */
  readonly self: () => ReviewPerson;
  readonly runs: Pick<RunStore, 'get'>;
  readonly settings: SharedSettings;
  readonly locks: Pick<Locks, 'tryHold'>;
  readonly now: () => number;
  /** Calls back after so many milliseconds. */
  readonly after: (ms: number, work: () => void) => void;
}

/** The run knows its text: this is only that it is still to be sent, and for whom. */
interface Waiting {
  readonly run: RunId;
  readonly by: ReviewPerson;
  readonly at: number;
}

const KEY = 'versions.waiting';
const MAX_WAITING = 1_000;
/** Of a version. */
const MAX_NAME = 120;
/** A file may be renamed again and again meanwhile. */
const MAX_MOVES = 10;
const DAY_MS = 24 * 3600 * 1000;
/** What nobody takes for so long is not asked for any more; nor what never started within a day. */
const LONGEST_MS = 30 * DAY_MS;
const RETRY_MS = [1_000, 5_000, 15_000, 60_000, 300_000];

/**
 * `over`: there, or never to be; `refused`: not from this person, or not now, so it is not asked again by itself;
 * `later`: the text is still on its way, or something is wrong with this one; `away`: nobody can be asked.
 */
type Outcome = 'over' | 'refused' | 'later' | 'away';

export function createRunVersions(deps: Deps): RunVersions {
  const { client, self, runs, settings, locks, now, after } = deps;
  let tries = 0;
  let working = false;
  let again = false;
  let isTimed = false;

  const change = (make: (waiting: readonly Waiting[]) => readonly Waiting[]): Promise<void> =>
    settings.change(KEY, (value) => make(waitingOf(value)).slice(-MAX_WAITING));
  const forget = (run: RunId) => change((waiting) => waiting.filter((one) => one.run !== run));
  const expect = (run: RunId) => {
    const { id, name } = self();
    return change((waiting) => [...waiting, { run, by: { id, name }, at: now() }]);
  };

  const send = async ({ run: id, by, at }: Waiting): Promise<Outcome> => {
    const run = await runs.get(id);
    if (run === null) return now() - at > DAY_MS ? 'over' : 'refused'; // another tab is about to start it
    const outcome = await keep(client, run, by, now() - run.created_at);
    return now() - at > LONGEST_MS && outcome !== 'away' ? 'over' : outcome;
  };
  /** Whether something is to be tried again. */
  const sendAll = async (): Promise<boolean> => {
    const tried = new Set<RunId>();
    let isLeft = false;
    for (;;) {
      const me = self().id;
      const waiting = waitingOf(await settings.get(KEY));
      const next = waiting.find(({ run, by }) => isBy(by, me) && !tried.has(run));
      if (next === undefined) return isLeft;
      tried.add(next.run);
      const outcome = await send(next);
      if (outcome === 'over') await forget(next.run);
      if (outcome === 'away') return true;
      isLeft ||= outcome === 'later';
    }
  };
  const work = async (): Promise<void> => {
    if (working) {
      again = true;
      return;
    }
    working = true;
    do {
      again = false;
      // Of several tabs one sends: another may have begun before this one's run was noted.
      const held = await locks.tryHold(KEY, sendAll).catch(() => ({ value: true }));
      if (held !== null && !held.value) tries = 0;
      else if (!again && !isTimed) {
        isTimed = true;
        after(RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)] ?? 0, () => {
          isTimed = false;
          void work();
        });
      }
    } while (again);
    working = false;
  };

  return {
    async with(run, start) {
      // Before it starts: a page that goes in between has a run of which the next page knows that it is to be kept.
      await expect(run).catch(() => undefined);
      try {
        const started = await start();
        void work();
        return started;
      } catch (error) {
        // Who starts it does not always know whether it has: then it is in the list.
        if ((await runs.get(run).catch(() => null)) === null) await forget(run).catch(() => undefined);
        else void work();
        throw error;
      }
    },
    wake: () => {
      tries = 0;
      void work();
    },
  };
}

async function keep(
  client: Deps['client'],
  { id, project, name, pins }: Run,
  by: ReviewPerson,
  age: number,
): Promise<Outcome> {
  const { text } = pins.config;
  const version = { kind: 'run', run: id, name: name.slice(0, MAX_NAME), text, as: by } as const;
  let { path } = pins.config;
  for (let moves = 0; moves < MAX_MOVES; moves++) {
    try {
      await client.createVersion({ project, path }, { ...version, age: Math.max(0, Math.round(age)) });
      return 'over';
    } catch (thrown) {
      const error = toAnnealError(thrown, protocolErrors.unreachable);
      const to = movedTo(error);
      if (to === null) return outcomes.get(error.code) ?? 'later';
      path = to;
    }
  }
  return 'refused';
}

function movedTo({ code, data }: AnnealError): string | null {
  const to = code === protocolErrors.fileDeleted.code ? data?.movedTo : undefined;
  return typeof to === 'string' ? to : null;
}

const { badRequest, notText, tooLarge, forbidden, fileNotFound, fileDeleted, textMoved } = protocolErrors;
const { projectNotFound, projectDeleted, notSignedIn } = protocolErrors;
const { unreachable, timeout, aborted, badResponse, shuttingDown, tooManyRequests } = protocolErrors;
const outcomes: ReadonlyMap<string, Outcome> = new Map([
  ...[badRequest, notText, tooLarge].map(({ code }) => [code, 'over'] as const),
  ...[forbidden, projectNotFound, projectDeleted, notSignedIn, fileDeleted].map(
    ({ code }) => [code, 'refused'] as const,
  ),
  ...[fileNotFound, textMoved].map(({ code }) => [code, 'later'] as const),
  ...[unreachable, timeout, aborted, badResponse, shuttingDown, tooManyRequests].map(
    ({ code }) => [code, 'away'] as const,
  ),
]);

/** Earlier versions noted guests as `<link>.<session>`. */
function isBy({ id }: ReviewPerson, me: string): boolean {
  return id === me || id.startsWith(`${me}.`);
}

function waitingOf(value: unknown): readonly Waiting[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: Partial<Record<keyof Waiting, unknown>> | null) => {
    const [run, by] = [runIdSchema.safeParse(one?.run), reviewPersonSchema.safeParse(one?.by)];
    return run.success && by.success && typeof one?.at === 'number'
      ? [{ run: run.data, by: by.data, at: one.at }]
      : [];
  });
}
