import { inBytes, inThousands } from '../base/units.ts';

/** Figures as people read them. Unknown (null) is an en dash, never a zero. */

const UNKNOWN = '–';

/** Powers of 1000: "1.42 GB". */
export function formatBytes(bytes: number | null): string {
  return bytes === null ? UNKNOWN : inBytes(bytes);
}

/** "124 M"; exact numbers belong in tooltips. */
export function formatCount(count: number | null): string {
  return count === null ? UNKNOWN : inThousands(count, ['', 'k', 'M', 'G', 'T', 'P']);
}

export function formatFlops(flops: number | null): string {
  return flops === null
    ? UNKNOWN
    : inThousands(flops, ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP', 'PFLOP', 'EFLOP']);
}

/** So many a second: "12.3", "9,738". */
export function formatRate(perSecond: number): string {
  return perSecond.toLocaleString('en', { maximumFractionDigits: perSecond < 99.95 ? 1 : 0 });
}

export function formatExact(count: number | null): string {
  return count === null ? UNKNOWN : count.toLocaleString('en');
}

/** Two units at most: "2 h 5 min", "3 min 20 s", "0.4 s". */
export function formatSeconds(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return UNKNOWN;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return two(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(whole / 60);
  if (minutes < 1440) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(minutes / 60);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function two(major: number, majorUnit: string, minor: number, minorUnit: string): string {
  return minor === 0 ? `${major} ${majorUnit}` : `${major} ${majorUnit} ${minor} ${minorUnit}`;
}
