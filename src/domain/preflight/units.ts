/** Sizes and times as people read them. */

/** Powers of 1000: "1.42 GB". */
export function inBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];
  return scaled(bytes, units);
}

/** "124 M". */
export function inCounts(count: number): string {
  return scaled(count, ['', 'k', 'M', 'G', 'T', 'P', 'E']);
}

function scaled(value: number, units: readonly string[]): string {
  const power = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const amount = value / 1000 ** power;
  const digits = power === 0 ? String(Math.round(amount)) : amount.toPrecision(3);
  return `${Number(digits)} ${units[power]}`.trim();
}

/** "35 s", "3 min", "2 h 5 min", "4 d 3 h". */
export function inTime(seconds: number): string {
  if (seconds < 1) return 'under 1 s';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
