import { inBytes } from '../src/base/units.ts';
import { Lines } from '../src/domain/config/lines.ts';
import type { Diagnostic, PreflightReport } from '../src/domain/preflight/report.ts';
import { inCounts, inTime } from '../src/domain/preflight/units.ts';

const MOST_WIDTH = 120;

/** A report for people: each problem with its line, what is meant underlined, its reasons and fixes. */
export function renderReport(
  path: string,
  text: string,
  report: PreflightReport,
  notes: readonly string[],
): string {
  const lines = new Lines(text);
  const problems = report.diagnostics.map((diagnostic) => frame(path, lines, diagnostic));
  const parts = [
    ...problems,
    ...notes.map((note) => `note: ${note}\n`),
    ...beside(lines, report),
    `${estimate(report)}\n`,
    summary(report),
  ];
  return `${parts.join('\n')}\n`;
}

function frame(path: string, lines: Lines, diagnostic: Diagnostic): string {
  const { code, severity, message, range, because, fixes } = diagnostic;
  const { start, end } = range;
  const number = String(start.line + 1);
  const from = Math.max(0, start.character - MOST_WIDTH / 2);
  const shown = printable(lines.line(start.line).slice(from, from + MOST_WIDTH));
  const column = start.character - from;
  const last = end.line === start.line ? end.character - from : shown.length;
  const width = Math.max(1, Math.min(last, shown.length) - column);
  const gutter = ' '.repeat(number.length);
  return [
    `${severity} ${code}  ${path}:${number}:${start.character + 1}`,
    `  ${printable(message)}`,
    ...because.filter((reason) => !message.includes(reason)).map((reason) => `  because ${reason}`),
    `  ${number} | ${shown}`,
    `  ${gutter} | ${' '.repeat(column)}${'^'.repeat(width)}`,
    ...fixes.map(({ title }) => `  fix: ${printable(title)}`),
    '',
  ].join('\n');
}

/** The figures that the editor shows beside their lines. */
function beside(lines: Lines, { annotations }: PreflightReport): string[] {
  const rows = annotations.map(({ line, text }) => [
    printable(lines.line(line).trim().split(':')[0] ?? ''),
    text,
  ]);
  const width = Math.max(0, ...rows.map(([name = '']) => name.length));
  return rows.length === 0
    ? []
    : [`${rows.map(([name = '', text]) => `${name.padEnd(width)}  ${text}`).join('\n')}\n`];
}

/** Control characters would move the cursor of a terminal; a tab is as wide as what underlines it. */
function printable(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(/\p{Cc}/gu, '\uFFFD');
}

function estimate({
  estimate: { parameters, bytes, flops_per_step, tokens_per_step, seconds },
}: PreflightReport): string {
  const rows: (readonly [string, string | null])[] = [
    ['parameters', parameters === null ? null : parameters.toLocaleString('en-US')],
    ['memory', bytes.total === null ? null : `${inBytes(bytes.total)} (${kinds(bytes)})`],
    ['per update', perUpdate(tokens_per_step, flops_per_step)],
    ['time', seconds === null ? null : inTime(seconds)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(11)} ${value ?? 'unknown'}`).join('\n');
}

function kinds({ total: _, ...bytes }: PreflightReport['estimate']['bytes']): string {
  return Object.entries(bytes)
    .map(([kind, count]) => `${kind} ${count === null ? 'unknown' : inBytes(count)}`)
    .join(', ');
}

function perUpdate(tokens: number | null, flops: number | null): string | null {
  if (tokens === null) return null;
  return `${tokens.toLocaleString('en-US')} tokens${flops === null ? '' : `, ${inCounts(flops)}FLOP`}`;
}

function summary({ diagnostics }: PreflightReport): string {
  const count = (severity: Diagnostic['severity']): number =>
    diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
  const parts = (['error', 'warning', 'info'] as const)
    .map((severity) => [severity, count(severity)] as const)
    .filter(([, many]) => many > 0)
    .map(([severity, many]) => `${many} ${severity}${many > 1 && severity !== 'info' ? 's' : ''}`);
  return parts.length === 0 ? 'Nothing is wrong.' : `${parts.join(', ')}.`;
}
