import { profileText } from '../../src/engine/training/profile-text.ts';
import type { Actor, Entrant, StepRecord } from '../contest/calls.ts';
import { titleOf } from '../contest/entrants.ts';
import { medianOf, pairedRatio, type Runner, runRounds } from '../contest/rounds.ts';
import { Stage, threadSettings } from '../contest/stage.ts';
import { type Bar, type BenchReport, machine, quantile } from '../report.ts';
import { stepFlops, type Workload } from '../workload/workload.ts';
import { stepBars } from './bars.ts';
import { measureCeiling } from './ceiling.ts';
import type { Contender } from './contender.ts';

export interface StepContest {
  readonly workload: Workload;
  readonly ours: readonly Entrant[];
  readonly peers: readonly Entrant[];
  readonly rounds: number;
  readonly profile: boolean;
  readonly progress: (line: string) => void;
}

/** First steps whose losses are compared; they warm everything up too. */
const CHECKED = 5;
/** One whose first step takes longer is checked over three. */
const SLOW_MS = 10_000;
/** Of f32, relative, in each checked loss. */
const TOLERANCE = 1e-3;

interface Absent {
  readonly entrant: Entrant;
  readonly why: string;
}

export async function contestStep(contest: StepContest): Promise<BenchReport> {
  const { workload, progress } = contest;
  const stage = new Stage();
  const contenders: Contender[] = [];
  const absent: Absent[] = [];
  try {
    for (const entrant of [...contest.ours, ...contest.peers]) {
      progress(`${titleOf(entrant)}: the first ${CHECKED} steps`);
      try {
        const wanted = await wantedLosses(stage, entrant, contenders[0], workload);
        const contender = await open(stage, entrant, workloadOf(entrant, workload), wanted);
        if (contender.difference <= TOLERANCE) contenders.push(contender);
        else {
          await contender.actor.close();
          absent.push({ entrant, why: disagreement(contender, wanted ?? []) });
        }
      } catch (thrown) {
        // Without one of ours there is nothing that the others could be compared with.
        if (contenders.length === 0) throw thrown;
        absent.push({ entrant, why: firstLine(thrown) });
      }
    }
    const firsts = new Map(contenders.map((one) => [one as Runner, one.first_ms]));
    const pace = { rounds: contest.rounds, round_ms: 400, patience_ms: 60_000, progress };
    await runRounds(contenders, firsts, pace);
    for (const one of contenders) {
      one.peak_bytes = await one.actor.call('peak_bytes', {});
      one.gpu_calls = await one.actor.call('gpu_calls', {});
    }
    const record = contest.profile ? await recordStep(contenders) : null;
    for (const one of contenders) await one.actor.close();
    const ceiling = await measureCeiling(stage, contenders, workload, progress);
    const gflop = stepFlops(workload) / 1e9;
    const bars: Bar[] = stepBars(workload, contenders, { gflop, ceiling });
    const results = [
      ...contenders.map((one) => ({
        engine: one.entrant.engine,
        device: one.entrant.device,
        preset: workload.preset,
        where: one.entrant.where,
        model: workload.model.model_type,
        median_ms: medianOf(one),
        best_ms: Math.min(...one.ms.flat()),
        runs: one.ms.flat().length,
        rounds: one.ms.length,
        ratio_to_ours: contenders[0] === undefined ? null : pairedRatio(one, contenders[0]),
        gflops: (gflop / medianOf(one)) * 1000,
        peak_bytes: one.peak_bytes,
        ...(one.gpu_calls ?? {}),
        loss: one.losses.at(-1) ?? null,
        loss_difference: one.difference,
        description: one.description,
      })),
      ...absent.map(({ entrant, why }) => ({
        ...entrant,
        preset: workload.preset,
        model: workload.model.model_type,
        median_ms: null,
        runs: 0,
        not_comparable: why,
      })),
    ];
    const chromium = await stage.chromium();
    return {
      name: `step ${workload.preset} ${workload.model.model_type}`,
      machine: chromium === null ? machine() : `${machine()}, Chromium ${chromium}`,
      results,
      bars,
      facts: { step_gflop: gflop, ...ceiling },
      ...(record === null ? {} : { profile: record, text: profileText(record, 'op') }),
    };
  } finally {
    await stage.close();
  }
}

/** What the entrant's losses must be: those of the first of ours; of @genai-fi/nanogpt's variant, computed for this. */
async function wantedLosses(
  stage: Stage,
  { engine }: Entrant,
  ours: Contender | undefined,
  workload: Workload,
): Promise<readonly number[] | null> {
  if (ours === undefined || engine !== 'nanogpt') return ours?.losses ?? null;
  const actor = await stage.start(ours.entrant);
  try {
    await actor.call('open_step', { entrant: ours.entrant, workload: workloadOf({ engine }, workload) });
    return (await actor.call('run_steps', { count: CHECKED })).losses;
  } finally {
    await actor.close();
  }
}

/** @genai-fi/nanogpt computes its own variant, and does not clip: see engines/nanogpt. */
function workloadOf({ engine }: Pick<Entrant, 'engine'>, workload: Workload): Workload {
  if (engine !== 'nanogpt') return workload;
  return { ...workload, variant: 'rms', optimizer: { ...workload.optimizer, max_grad_norm: 0 } };
}

/** Opens one, runs its first steps and holds their losses against `wanted`. PyTorch: with its best threads. */
async function open(
  stage: Stage,
  entrant: Entrant,
  workload: Workload,
  wanted: readonly number[] | null,
): Promise<Contender> {
  if (entrant.where !== 'native') return openOne(await stage.start(entrant), entrant, workload, wanted);
  let best: Contender | null = null;
  for (const threads of threadSettings()) {
    const one = await openOne(await stage.start(entrant, threads), entrant, workload, wanted);
    if (best === null || one.first_ms < best.first_ms) {
      await best?.actor.close();
      best = one;
    } else await one.actor.close();
  }
  if (best === null) throw new Error('There is no setting of threads.');
  return best;
}

async function openOne(
  actor: Actor,
  entrant: Entrant,
  workload: Workload,
  wanted: readonly number[] | null,
): Promise<Contender> {
  try {
    const { description } = await actor.call('open_step', { entrant, workload });
    const first = await actor.call('run_steps', { count: 1 });
    const slow = (first.ms[0] ?? 0) > SLOW_MS;
    const { ms, losses: later } = await actor.call('run_steps', { count: (slow ? 3 : CHECKED) - 1 });
    const losses = [...first.losses, ...later];
    // Fast ones get going only after some more.
    const more = quantile(ms, 0.5) < 300 ? (await actor.call('run_steps', { count: 20 })).ms : ms;
    return {
      title: titleOf(entrant),
      actor,
      ms: [],
      entrant,
      description,
      losses,
      difference: wanted === null ? 0 : worstDifference(losses, wanted.slice(0, losses.length)),
      first_ms: quantile(more, 0.5),
      peak_bytes: null,
      gpu_calls: null,
    };
  } catch (error) {
    await actor.close();
    throw error;
  }
}

/** Written so that NaN is a difference. */
function worstDifference(losses: readonly number[], wanted: readonly number[]): number {
  const differences = wanted.map((value, i) => Math.abs((losses[i] ?? Number.NaN) - value) / Math.abs(value));
  return differences.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...differences);
}

function disagreement({ losses }: Contender, wanted: readonly number[]): string {
  const show = (values: readonly number[]) => values.map((value) => value.toPrecision(6)).join(' ');
  return `Its first losses are ${show(losses)}; ours are ${show(wanted)}.`;
}

async function recordStep([first]: readonly Contender[]): Promise<StepRecord | null> {
  return (await first?.actor.call('profile', {})) ?? null;
}

function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split('\n')[0] ?? text;
}
