/** One workload: who took how long, the fastest first. */
export interface Bars {
  readonly title: string;
  readonly bars: readonly { readonly name: string; readonly ms: number; readonly ours: boolean }[];
}

const WIDTH = 760;
const LEFT = 150;
const RIGHT = 90;
const ROW = 24;
const HEAD = 34;
const GAP = 18;

/**
 * An SVG of horizontal bars, a panel for each workload, on one logarithmic scale of milliseconds. Its colours
 * follow the reader's light or dark scheme; nothing in it needs a font or a file.
 */
export function drawChart(groups: readonly Bars[], foot: string): string {
  const all = groups.flatMap(({ bars }) => bars.map(({ ms }) => ms));
  const low = Math.floor(Math.log10(Math.min(...all)));
  const high = Math.log10(Math.max(...all) * 1.05);
  const x = (ms: number) => LEFT + ((Math.log10(ms) - low) / (high - low)) * (WIDTH - LEFT - RIGHT);
  const parts: string[] = [];
  let y = 8;
  for (const { title, bars } of groups) {
    parts.push(`<text class="title" x="${LEFT}" y="${y + 18}">${escaped(title)}</text>`);
    const top = y + HEAD;
    const bottom = top + bars.length * ROW;
    for (let power = low; power <= high; power++) {
      const at = x(10 ** power).toFixed(1);
      parts.push(`<path class="grid" d="M${at} ${top - 4}V${bottom}"/>`);
    }
    bars.forEach(({ name, ms, ours }, i) => {
      const middle = top + i * ROW + ROW / 2;
      const end = x(ms);
      parts.push(
        `<text class="name${ours ? ' ours' : ''}" x="${LEFT - 10}" y="${middle + 4}">${escaped(name)}</text>`,
        `<rect class="${ours ? 'ours' : 'peer'}" x="${LEFT}" y="${middle - 8}" width="${(end - LEFT).toFixed(1)}" height="16" rx="3"/>`,
        `<text class="value" x="${(end + 8).toFixed(1)}" y="${middle + 4}">${inWords(ms)}</text>`,
      );
    });
    y = bottom + GAP;
  }
  const height = y + 26;
  parts.push(
    `<text class="foot" x="${LEFT}" y="${y + 10}">Milliseconds on a logarithmic scale, shorter is better. ${escaped(foot)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(summary(groups))}">
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; }
.name { text-anchor: end; }
text.ours { font-weight: 600; }
.value { font-variant-numeric: tabular-nums; }
.foot { font-size: 10px; fill: #57606a; }
.grid { stroke: #d0d7de; }
rect.ours { fill: #bc4c00; }
rect.peer { fill: #8c959f; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .foot { fill: #9198a1; }
  .grid { stroke: #3d444d; }
  rect.ours { fill: #f0883e; }
  rect.peer { fill: #656c76; }
}
</style>
${parts.join('\n')}
</svg>
`;
}

function inWords(ms: number): string {
  return ms >= 1000
    ? `${(ms / 1000).toFixed(ms >= 10_000 ? 0 : 1)} s`
    : `${ms.toFixed(ms >= 100 ? 0 : 1)} ms`;
}

/** For those who do not see it. */
function summary(groups: readonly Bars[]): string {
  return groups
    .map(({ title, bars }) => `${title}: ${bars.map(({ name, ms }) => `${name} ${inWords(ms)}`).join(', ')}.`)
    .join(' ');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
