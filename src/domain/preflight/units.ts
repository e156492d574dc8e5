import { inThousands } from '../../base/units.ts';

/** Counts and times as people read them. */

/** "124 M". */
export function inCounts(count: number): string {
  return inThousands(count, ['', 'k', 'M', 'G', 'T', 'P', 'E']);
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
