import type { Kept, KeptReport } from '../engine/kept.ts';
import { PARTS } from '../engine/parts.ts';
import { type Bar, bar, type EngineResult } from '../report.ts';
import { nameOf } from './chart.ts';

/** What RESULTS.md says of the engine's figures, in Markdown: nothing but what was measured. */
export function tablesOf(kept: Kept): string {
  const order = new Map(PARTS.map(({ name }, i) => [name, i]));
  const reports = Object.entries(kept.reports).sort(
    ([a], [b]) => (order.get(a) ?? PARTS.length) - (order.get(b) ?? PARTS.length),
  );
  const missing = PARTS.filter(({ name }) => kept.reports[name] === undefined).map(({ name }) => name);
  const failures = Object.entries(kept.failures);
  return [
    ...machines(reports),
    '![Milliseconds of a step beside PyTorch, jax-js and tfjs](../docs/pictures/engine.svg)',
    '### Bars of the engine',
    barTable(reports),
    '### Times',
    timeTable(reports),
    ...section('### Products, GFLOP/s', products(reports)),
    ...section('### Ceilings', ceilings(reports)),
    ...section('### Recipe and decoding', others(reports)),
    ...section('### Not compared', absent(reports)),
    ...section(
      '### Not measured',
      missing.map((name) => `- ${name}`),
    ),
    ...section(
      '### Failed when last tried',
      failures.map(([name, { why, at }]) => `- ${name}, ${minute(at)}: ${why}`),
    ),
  ].join('\n\n');
}

type Reports = readonly (readonly [string, KeptReport])[];

function machines(reports: Reports): readonly string[] {
  const names = [...new Set(reports.map(([, { machine }]) => machine))];
  return names.length === 0 ? [] : [`Measured on ${names.join('; on ')}.`];
}

/** The verdict is computed here, from the value and the limit. */
function barTable(reports: Reports): string {
  // Counts of one step are the same in two parts; the later one stands for both.
  const bars = new Map(reports.flatMap(([, report]) => report.bars).map((one) => [one.name, one]));
  const rows = [...bars.values()].map(({ name, value, op, limit }) => {
    const { holds } = bar(name, value, op, limit);
    return `| ${name} | ${op === '<=' ? 'at most' : 'at least'} ${digits(limit)} | ${digits(value)} | ${holds ? 'holds' : '**falls**'} |`;
  });
  return ['| what | limit | measured | |', '|---|---|---|---|', ...rows].join('\n');
}

/** Bars that do not hold: what the text beside the tables must give reasons for. */
export function fallen({ reports }: Kept): readonly Bar[] {
  return Object.values(reports).flatMap(({ bars }) =>
    bars.filter(({ name, value, op, limit }) => !bar(name, value, op, limit).holds),
  );
}

function timeTable(reports: Reports): string {
  const rows = reports.flatMap(([part, report]) =>
    (report.results as readonly Partial<EngineResult>[]).flatMap((row, i) => {
      const { engine, device, preset, where, median_ms, runs } = row;
      // Products are too many for a table, and the main thread's tasks are no engine's.
      if (engine === undefined || device === undefined || median_ms === undefined) return [];
      if (part.startsWith('matmul')) return [];
      const detail = report.details?.[i] ?? {};
      const model = typeof detail.model === 'string' ? ` ${detail.model}` : '';
      const rate = typeof detail.gflops === 'number' ? digits(detail.gflops) : '';
      const ratio = typeof detail.ratio_to_ours === 'number' ? digits(detail.ratio_to_ours) : '';
      return [
        `| ${part} | ${preset}${model} | ${placeOf({ engine, device, where: where ?? '' })} | ${digits(median_ms)} | ${runs} | ${ratio} | ${rate} | ${when(report)} |`,
      ];
    }),
  );
  const head = '| part | of | engine | median, ms | runs | times ours | GFLOP/s | measured, commit, load |';
  return [head, '|---|---|---|---|---|---|---|---|', ...rows].join('\n');
}

/** A row for each shape, a column for each engine. */
function products(reports: Reports): readonly string[] {
  return reports.flatMap(([part, report]) => {
    if (!part.startsWith('matmul')) return [];
    const rows = (report.results as readonly EngineResult[]).map((row, i) => ({
      shape: `| ${row.preset} | ${String(report.details?.[i]?.of)} |`,
      engine: nameOf(row),
      gflops: Number(report.details?.[i]?.gflops),
    }));
    const engines = [...new Set(rows.map(({ engine }) => engine))];
    const shapes = [...new Set(rows.map(({ shape }) => shape))];
    const cell = (shape: string, engine: string) => {
      const found = rows.find((row) => row.shape === shape && row.engine === engine);
      return found === undefined ? '' : digits(found.gflops);
    };
    return [
      `| rows x columns x depth, layout | of | ${engines.join(' | ')} |`,
      `|---|---|${engines.map(() => '---|').join('')}`,
      ...shapes.map((shape) => `${shape} ${engines.map((engine) => cell(shape, engine)).join(' | ')} |`),
    ];
  });
}

function ceilings(reports: Reports): readonly string[] {
  return reports.flatMap(([part, { facts }]) => {
    if (facts === undefined || typeof facts.fma_gflops !== 'number') return [];
    const { ceiling_gflops, ceiling_of, any_ceiling_gflops, any_ceiling_of, fma_gflops, read_gbytes } = facts;
    const product = (rate: unknown, of: unknown) => `${digits(Number(rate))} GFLOP/s (${of})`;
    const native =
      any_ceiling_of === ceiling_of ? '' : `, of any engine ${product(any_ceiling_gflops, any_ceiling_of)}`;
    return [
      `- ${part}: fastest product ${product(ceiling_gflops, ceiling_of)}${native}; multiply-adds alone ${digits(fma_gflops)} GFLOP/s, streaming reads ${digits(Number(read_gbytes))} GB/s`,
    ];
  });
}

function others(reports: Reports): readonly string[] {
  return reports.flatMap(([, report]) =>
    (report.details ?? []).flatMap((detail, i) => {
      const row = report.results[i] as unknown as EngineResult;
      const name = placeOf(row);
      const { tokens_per_second, read_gbytes, bound_ms, mean_val_loss, val_losses, seconds } = detail;
      if (typeof tokens_per_second === 'number') {
        return [
          `- ${row.preset}, ${name}: ${digits(tokens_per_second)} tokens/s, ${digits(row.median_ms)} ms a token; reading the weights at ${digits(Number(read_gbytes))} GB/s takes ${digits(Number(bound_ms))} ms`,
        ];
      }
      if (typeof mean_val_loss !== 'number') return [];
      const list = (values: unknown, places: number) =>
        (values as readonly number[]).map((value) => value.toFixed(places)).join(', ');
      return [
        `- ${row.preset}, ${String(detail.steps)} steps, ${name}: validation loss ${mean_val_loss.toFixed(4)} (${list(val_losses, 4)}), seconds ${list(seconds, 1)}`,
      ];
    }),
  );
}

function absent(reports: Reports): readonly string[] {
  return reports.flatMap(([part, report]) =>
    (report.absent ?? []).map((one) => `- ${part}: ${nameOf(one)}: ${one.why}`),
  );
}

function placeOf(row: Pick<EngineResult, 'engine' | 'device' | 'where'>): string {
  return row.where === 'native' ? nameOf(row) : `${nameOf(row)}, ${row.where}`;
}

function when({ at, revision, load }: KeptReport): string {
  const more = [revision, load === null ? null : load.toFixed(1)].filter((one) => one !== null);
  return [minute(at), ...more].join(', ');
}

function minute(at: string): string {
  return at.slice(0, 16).replace('T', ' ');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, lines.join('\n')];
}

function digits(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}
