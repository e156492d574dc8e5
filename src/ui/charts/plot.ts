import { logTicks, type StepAxis, shareOf } from './axis.ts';
import type { PlotArea } from './chart-overlay.tsx';
import { pointsOf, type Series, within } from './series.ts';

/** A chart, worked out to the pixel: what is left to do is to put it on the page. */
export interface Plot {
  readonly axis: StepAxis;
  readonly area: PlotArea;
  /** Steps that have figures, ascending. */
  readonly steps: readonly number[];
  readonly curves: readonly {
    readonly id: string;
    readonly color: string;
    readonly dashed: boolean;
    /** An SVG path; a curve of one point is drawn as a dot there. */
    readonly path: string;
    readonly dot: readonly [x: number, y: number] | null;
  }[];
  readonly xTicks: readonly { readonly step: number; readonly x: number }[];
  readonly yTicks: readonly { readonly value: number; readonly y: number }[];
}

export interface PlotRequest {
  readonly series: readonly Series[];
  /** First and last step shown; null: all. */
  readonly zoom: readonly [number, number] | null;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly fromZero: boolean;
  readonly area: PlotArea;
  /** Points of a curve. */
  readonly limit: number;
}

export function plotOf({ series, zoom, logX, logY, fromZero, area, limit }: PlotRequest): Plot {
  const shown = zoom === null ? series : series.map((one) => within(one, zoom[0], zoom[1]));
  const curves = shown.map((one) => ({
    ...one,
    points: pointsOf(one, limit, logY).filter(({ step }) => !logX || step > 0),
  }));
  const steps = [...new Set(curves.flatMap(({ points }) => points.map(({ step }) => step)))].sort(
    (a, b) => a - b,
  );
  const least = logX ? 1 : 0;
  const axis: StepAxis = {
    from: Math.max(least, zoom?.[0] ?? least),
    to: Math.max(zoom?.[1] ?? steps.at(-1) ?? 1, least + 1),
    log: logX,
  };
  const values = curves.flatMap(({ points }) => points.map(({ value }) => value));
  const [ticks, low, high] = valueAxis(values, fromZero && !logY, logY);
  const xOf = (step: number): number => area.x + shareOf(axis, step) * area.width;
  const yOf = (value: number): number =>
    area.y +
    area.height * (1 - (logY ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)));
  return {
    axis,
    area,
    steps,
    curves: curves.map(({ id, color, dashed, points }) => {
      const [only] = points;
      return {
        id,
        color,
        dashed: dashed ?? false,
        path: points
          .map(({ step, value }, i) => `${i === 0 ? 'M' : 'L'}${round(xOf(step))} ${round(yOf(value))}`)
          .join(''),
        dot: points.length === 1 && only ? ([xOf(only.step), yOf(only.value)] as const) : null,
      };
    }),
    xTicks: (logX ? logTicks(axis) : roundTicks(axis.from, axis.to, 5))
      .filter((step) => Number.isInteger(step))
      .map((step) => ({ step, x: xOf(step) })),
    yTicks: ticks.map((value) => ({ value, y: yOf(value) })),
  };
}

/** Tenths of a pixel are more than anybody sees, and half the length of a path. */
function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

/** The ticks, and the least and the greatest value of the axis, which leave no curve on an edge that it does not touch. */
function valueAxis(values: readonly number[], fromZero: boolean, log: boolean): [number[], number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (!(least <= most)) [least, most] = [log ? 1 : 0, log ? 10 : 1];
  if (log) {
    if (least === most) [least, most] = [least / 2, most * 2];
    const ticks = logTicks({ from: least, to: most, log: true });
    const every = Math.ceil(ticks.length / 8);
    const few = ticks.filter((_, i) => i % every === 0);
    return [few.length > 1 ? few : roundTicks(least, most, 4), least, most];
  }
  if (fromZero) [least, most] = [Math.min(0, least), Math.max(0, most)];
  if (least === most) {
    const room = Math.abs(least) / 10 || 1;
    [least, most] = [least - room, most + room];
  }
  const inside = roundTicks(least, most, 4);
  const step = (inside[1] ?? most) - (inside[0] ?? least) || most - least;
  const low = Math.floor(least / step + 1e-9) * step;
  const high = Math.ceil(most / step - 1e-9) * step;
  return [roundTicks(low, high, Math.round((high - low) / step)), low, high];
}

/** About so many round numbers from `from` to `to`, both included where they are round. */
export function roundTicks(from: number, to: number, about: number): number[] {
  const raw = (to - from) / about;
  if (!(raw > 0) || !Number.isFinite(raw)) return [];
  const power = 10 ** Math.floor(Math.log10(raw) + 1e-9);
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= raw * 0.999) ?? raw;
  const ticks: number[] = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++) {
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}
