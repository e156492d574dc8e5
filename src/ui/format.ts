/** Figures as people read them. Unknown (null) is an en dash, never a zero. */

const UNKNOWN = '–';

function scaled(value: number, base: number, units: readonly string[]): string {
  let index = 0;
  let x = value;
  // 999.5 would round to "1000": take the next unit there.
  while (Math.abs(x) >= base - 0.5 && index < units.length - 1) {
    x /= base;
    index += 1;
  }
  const digits = index === 0 || Math.abs(x) >= 100 ? 0 : Math.abs(x) >= 10 ? 1 : 2;
  return `${x.toFixed(digits)}${units[index] ?? ''}`;
}

/** Binary units, as device limits are powers of two. */
export function formatBytes(bytes: number | null): string {
  return bytes === null ? UNKNOWN : scaled(bytes, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);
}

/** 124,439,808 is 124M; exact numbers belong in tooltips. */
export function formatCount(count: number | null): string {
  return count === null ? UNKNOWN : scaled(count, 1000, ['', 'K', 'M', 'B', 'T']);
}

export function formatFlops(flops: number | null): string {
  return flops === null
    ? UNKNOWN
    : scaled(flops, 1000, [' FLOP', ' kFLOP', ' MFLOP', ' GFLOP', ' TFLOP', ' PFLOP']);
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
