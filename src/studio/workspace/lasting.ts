const HOUR = 3600_000;
const DAY = 24 * HOUR;

/** How long something is good for, as people choose it; `never` where it is until it is revoked. */
export const lastingChoices = [
  { value: String(HOUR), label: '1 hour' },
  { value: String(DAY), label: '1 day' },
  { value: String(7 * DAY), label: '7 days' },
  { value: String(30 * DAY), label: '30 days' },
  { value: String(365 * DAY), label: '1 year' },
  { value: 'never', label: 'Until it is revoked' },
] as const;

export const WEEK = String(7 * DAY);
export const MONTH = String(30 * DAY);

export function lastingOf(choice: string): number | null {
  return choice === 'never' ? null : Number(choice);
}

/** "3 days left", "40 minutes left": in whole units, as people would say it. */
export function expiryWords(expires: number | null, now: number): string {
  if (expires === null) return 'until revoked';
  const left = expires - now;
  if (left <= 0) return 'has run out';
  if (left < HOUR) return few(Math.max(1, Math.round(left / 60_000)), 'minute');
  return left < 2 * DAY ? few(Math.round(left / HOUR), 'hour') : few(Math.round(left / DAY), 'day');
}

function few(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'} left`;
}
