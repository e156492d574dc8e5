import { profileText } from '../../src/engine/training/profile-text.ts';
import type { Entrant, StepRecord } from '../contest/calls.ts';
import { titleOf } from '../contest/entrants.ts';
import { medianOf, pairedRatio, type Runner, runRounds } from '../contest/rounds.ts';
import { Stage } from '../contest/stage.ts';
import { type Absent, type Bar, type BenchReport, engineResults } from '../report.ts';
import { stepFlops, type Workload } from '../workload/workload.ts';
import { stepBars } from './bars.ts';
import { measureCeiling } from './ceiling.ts';
import type { Contender } from './contender.ts';
import {
  CHECKED,
  disagreement,
  MINUTES_MS,
  openContender,
  toleranceOf,
  wantedLosses,
  workloadOf,
} from './open.ts';

export interface StepContest {
  readonly workload: Workload;
  readonly ours: readonly Entrant[];
  readonly peers: readonly Entrant[];
  readonly rounds: number;
  readonly profile: boolean;
  readonly progress: (line: string) => void;
}

export async function contestStep(contest: StepContest): Promise<BenchReport> {
  const { workload, progress } = contest;
  const stage = new Stage();
  const opened: Contender[] = [];
  const absent: (Absent & { readonly model: string })[] = [];
  const { preset } = workload;
  const { model_type: model } = workload.model;
  try {
    for (const entrant of [...contest.ours, ...contest.peers]) {
      progress(`${titleOf(entrant)}: the first ${CHECKED} steps`);
      try {
        const wanted = await wantedLosses(stage, entrant, opened[0], workload);
        const contender = await openContender(stage, entrant, workloadOf(entrant, workload), wanted);
        if (contender.difference <= toleranceOf(entrant)) opened.push(contender);
        else {
          await contender.actor.close();
          absent.push({ ...entrant, preset, model, why: disagreement(contender, wanted ?? []) });
        }
      } catch (thrown) {
        // Without one of ours there is nothing that the others could be compared with.
        if (opened.length === 0) throw thrown;
        absent.push({ ...entrant, preset, model, why: firstLine(thrown) });
      }
    }
    const firsts = new Map(opened.map((one) => [one as Runner, one.first_ms]));
    const pace = { rounds: contest.rounds, round_ms: 400, patience_ms: 60_000, progress };
    await runRounds(opened, firsts, pace);
    for (const one of opened) {
      if (one.failed !== undefined)
        absent.push({ ...one.entrant, preset, model, why: firstLine(one.failed) });
    }
    const contenders = opened.filter(({ failed }) => failed === undefined);
    for (const one of contenders) {
      if (one.first_ms > MINUTES_MS) continue; // two more steps of it would be figures without a bar
      one.peak_bytes = await one.actor.call('peak_bytes', {});
      one.gpu_calls = await one.actor.call('gpu_calls', {});
    }
    const record = contest.profile ? await recordStep(contenders) : null;
    for (const one of contenders) await one.actor.close();
    const ceiling = await measureCeiling(stage, contenders, progress);
    const gflop = stepFlops(workload) / 1e9;
    const bars: Bar[] = stepBars(workload, contenders, { gflop, ceiling });
    const { results, details } = engineResults(
      contenders.map((one) => ({
        engine: one.entrant.engine,
        device: one.entrant.device,
        // One of ours may be there twice.
        preset: one.entrant.dtype === undefined ? preset : `${preset} ${one.entrant.dtype}`,
        where: one.entrant.where,
        median_ms: medianOf(one),
        runs: one.ms.flat().length,
        model,
        best_ms: Math.min(...one.ms.flat()),
        rounds: one.ms.length,
        ratio_to_ours: contenders[0] === undefined ? null : pairedRatio(one, contenders[0]),
        gflops: (gflop / medianOf(one)) * 1000,
        peak_bytes: one.peak_bytes,
        ...(one.gpu_calls ?? {}),
        loss: one.losses.at(-1) ?? null,
        loss_difference: one.difference,
        description: one.description,
      })),
    );
    return {
      name: `step ${preset} ${model}`,
      machine: await stage.machine(),
      results,
      details,
      absent,
      bars,
      facts: { step_gflop: gflop, ...ceiling },
      ...(record === null ? {} : { profile: record, text: profileText(record, 'op') }),
    };
  } finally {
    await stage.close();
  }
}

async function recordStep([first]: readonly Contender[]): Promise<StepRecord | null> {
  return (await first?.actor.call('profile', {})) ?? null;
}

function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split('\n')[0] ?? text;
}
