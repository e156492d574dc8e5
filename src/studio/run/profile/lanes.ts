import { trackOf, tracksOf } from '../../../domain/runs/chrome-trace.ts';
import type { KernelTiming } from '../../../engine/device.ts';
import { type KernelKind, kernelKind } from '../../../engine/training/kernel-kinds.ts';

/** A kernel in its place on the timeline. */
export interface Span {
  /** Its place in the order in which kernels ran. */
  readonly index: number;
  readonly lane: number;
  readonly kind: KernelKind;
  /** Milliseconds since the step began. */
  readonly from: number;
  readonly to: number;
}

export interface Lanes {
  /** One a layer, and one for each module beside the layers; in the order in which they first ran. */
  readonly names: readonly string[];
  /** By the time at which they begin. */
  readonly spans: readonly Span[];
}

export function lanesOf(kernels: readonly KernelTiming[]): Lanes {
  const tracks = tracksOf(kernels);
  const spans = kernels.map(({ kernel, scope, start_ms, ms }, index) => ({
    index,
    lane: tracks.indexOf(trackOf(scope)),
    kind: kernelKind(kernel),
    from: start_ms,
    to: start_ms + ms,
  }));
  return {
    names: tracks.map((track) => track.replace(/^(transformer|model)\./, '')),
    spans: spans.sort((a, b) => a.from - b.from),
  };
}

/** Milliseconds that a timeline shows. */
export type Window = readonly [from: number, to: number];

/** The kernel of this lane at this time, or the nearest of the lane within `slack` milliseconds; null: none. */
export function spanAt({ spans }: Lanes, lane: number, time: number, slack: number): Span | null {
  let best: Span | null = null;
  let away = slack;
  for (const span of spans) {
    if (span.lane !== lane) continue;
    const distance = Math.max(span.from - time, time - span.to, 0);
    if (distance <= away) {
      best = span;
      away = distance;
    }
  }
  return best;
}

/** The window made `factor` times as wide around `at`, inside of the step. */
export function zoomed([from, to]: Window, at: number, factor: number, total: number): Window {
  const width = Math.min(total, Math.max((to - from) * factor, total / 5000));
  const share = to > from ? (at - from) / (to - from) : 0.5;
  const start = Math.min(Math.max(0, at - share * width), total - width);
  return [start, start + width];
}

/** About five round times in the window, milliseconds. */
export function ticksOf([from, to]: Window): readonly number[] {
  const raw = (to - from) / 5;
  if (!(raw > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw) ?? raw;
  const ticks: number[] = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step)
    ticks.push(Number(tick.toPrecision(12)));
  return ticks;
}
