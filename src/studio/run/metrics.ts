import type { MetricSeries, StepMetrics } from '../../domain/runs/metrics.ts';
import type { Series } from '../../ui/charts/series.ts';
import { smooth } from '../../ui/charts/series.ts';
import { formatBytes } from '../../ui/format.ts';

/** The figures of one run, with the name and the colour that it has on the charts. */
export interface RunCurves {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly metrics: MetricSeries;
}

export interface Panel {
  readonly id: string;
  readonly title: string;
  readonly format: (value: number) => string;
  /** Whether smoothing applies: curves that are noise around a trend. */
  readonly noisy: boolean;
  /** Whether the axis begins at zero. */
  readonly fromZero?: boolean;
  /** Whether a logarithmic axis makes sense. */
  readonly logarithmic: boolean;
  /** Only of some runs: where no run has it, the table of figures has no column for it. */
  readonly rare?: boolean;
  readonly curves: (run: RunCurves) => readonly Omit<Series, 'color'>[];
}

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
/** Four digits, and no more zeros than fit beside an axis. */
const short = (value: number): string =>
  value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3)
    ? value.toExponential(2)
    : String(Number(value.toPrecision(4)));

function perStep(
  id: string,
  label: string,
  read: (row: StepMetrics) => number | null,
): (run: RunCurves) => Omit<Series, 'color'>[] {
  return (run) => {
    const rows = run.metrics.steps.filter((row) => read(row) !== null);
    return [
      {
        id: `${run.id}:${id}`,
        label: `${label} · ${run.name}`,
        steps: rows.map((row) => row.step),
        values: rows.map((row) => read(row) ?? Number.NaN),
      },
    ];
  };
}

/** One list: what is drawn, and what the pointer reads. */
export const PANELS: readonly Panel[] = [
  {
    id: 'loss',
    title: 'Loss',
    format: short,
    noisy: true,
    logarithmic: true,
    curves: (run) => [
      ...perStep('loss', 'training', (row) => row.loss)(run),
      {
        id: `${run.id}:val_loss`,
        label: `validation · ${run.name}`,
        dashed: true,
        steps: run.metrics.evals.map((point) => point.step),
        values: run.metrics.evals.map((point) => point.val_loss),
      },
    ],
  },
  {
    id: 'learning_rate',
    fromZero: true,
    title: 'Learning rate',
    format: (value) => (value === 0 ? '0' : value.toExponential(2)),
    noisy: false,
    logarithmic: false,
    curves: perStep('learning_rate', 'learning rate', (row) => row.learning_rate),
  },
  {
    id: 'grad_norm',
    title: 'Gradient norm',
    format: short,
    noisy: true,
    logarithmic: true,
    curves: perStep('grad_norm', 'gradient norm', (row) => row.grad_norm),
  },
  {
    id: 'tokens_per_second',
    fromZero: true,
    title: 'Tokens per second',
    format: (value) => WHOLE.format(value),
    noisy: true,
    logarithmic: false,
    curves: perStep('tokens_per_second', 'tokens per second', (row) => row.tokens_per_second),
  },
  {
    id: 'step_ms',
    fromZero: true,
    title: 'Step time, ms',
    format: short,
    noisy: true,
    logarithmic: false,
    curves: perStep('step_ms', 'step time', (row) => row.step_ms),
  },
  {
    id: 'memory_bytes',
    fromZero: true,
    title: 'Memory held on the device',
    format: (value) => formatBytes(value),
    noisy: false,
    logarithmic: false,
    curves: perStep('memory_bytes', 'memory', (row) => row.memory_bytes),
  },
  {
    id: 'loss_scale',
    title: 'Loss scale',
    format: (value) => WHOLE.format(value),
    noisy: false,
    logarithmic: true,
    rare: true,
    curves: perStep('loss_scale', 'loss scale', (row) => row.loss_scale),
  },
];

/** A panel's curves of all runs, smoothed where it is noisy; a validation curve never is. */
export function panelSeries(panel: Panel, runs: readonly RunCurves[], smoothing: number): Series[] {
  return runs.flatMap((run) =>
    panel.curves(run).map((curve) => ({
      ...curve,
      color: run.color,
      values: panel.noisy && !curve.dashed ? smooth(curve.values, smoothing) : curve.values,
    })),
  );
}
