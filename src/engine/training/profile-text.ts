import { boundInWords, type Grouping, type ProfileRow, percent, profileTable } from './profile-table.ts';
import type { RecordedKernels, RecordedStep } from './recorded-step.ts';

const UNKNOWN = '–';

/** The columns of the table, with the words of each cell; one list for the screen and the command line. */
export const PROFILE_COLUMNS: readonly {
  readonly title: string;
  readonly text: boolean;
  readonly cell: (row: ProfileRow) => string;
}[] = [
  { title: 'Op', text: true, cell: ({ op, calls }) => (calls > 1 ? `${op} × ${calls}` : op) },
  { title: 'Module', text: true, cell: ({ module }) => module },
  { title: 'ms', text: false, cell: ({ ms }) => milliseconds(ms) },
  { title: 'Share', text: false, cell: ({ share }) => percent(share) },
  { title: 'MFLOP', text: false, cell: ({ flops }) => short(flops / 1e6) },
  { title: 'MB', text: false, cell: ({ bytes }) => short(bytes / 1e6) },
  { title: 'GFLOP/s', text: false, cell: timed((row) => short(row.flops_per_second / 1e9)) },
  { title: 'of best', text: false, cell: timed((row) => known(row.of_best_flops)) },
  { title: 'GB/s', text: false, cell: timed((row) => short(row.bytes_per_second / 1e9)) },
  { title: 'of best', text: false, cell: timed((row) => known(row.of_best_bytes)) },
];

export function milliseconds(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms >= 1 ? ms.toFixed(2) : ms.toFixed(3);
}

/** What was over before the clock had moved has no speed that is known. */
function timed(cell: (row: ProfileRow) => string): (row: ProfileRow) => string {
  return (row) => (row.ms > 0 ? cell(row) : UNKNOWN);
}

/** Three digits, without an exponent. */
function short(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return String(Number(value.toPrecision(3)));
}

function known(fraction: number | null): string {
  return fraction === null ? UNKNOWN : percent(fraction);
}

/** The table as lines of text, with the step's time above and what bounds it below. `most`: at most so many rows. */
export function profileText(
  recorded: RecordedKernels & Partial<Pick<RecordedStep, 'step' | 'device'>>,
  by: Grouping,
  most = 40,
): string {
  const { rows, total, idle_ms } = profileTable(recorded, by);
  const columns = PROFILE_COLUMNS.filter(({ title }) => title !== 'Module' || by !== 'kind');
  const lines = [
    columns.map(({ title }) => title),
    ...[...rows.slice(0, most), total].map((row) => columns.map(({ cell }) => cell(row))),
  ];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const table = lines.map((line) =>
    line
      .map((cell, i) => (columns[i]?.text ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  if (rows.length > most) table.splice(-1, 0, `... and ${rows.length - most} more`);
  const { ceilings, step, device } = recorded;
  const name = `${step === undefined ? 'One step' : `Step ${step}`}${device === undefined ? '' : ` on ${device}`}`;
  const best =
    ceilings === null
      ? 'The best of this device is not known.'
      : `Best of this device: ${short(ceilings.flops_per_second / 1e9)} GFLOP/s, ${short(ceilings.bytes_per_second / 1e9)} GB/s.`;
  return [
    `${name}: ${milliseconds(recorded.total_ms)} ms in ${recorded.kernels.length} kernels, ${milliseconds(idle_ms)} ms between them.`,
    best,
    '',
    ...table,
    '',
    boundInWords(recorded),
  ].join('\n');
}
