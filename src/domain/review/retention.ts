/** Which versions of a text are kept. */

export interface KeptVersion {
  readonly id: string;
  readonly kind: 'auto' | 'named' | 'run';
  /** Milliseconds since 1970 UTC. */
  readonly created: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** From which age on only the newest of each span is kept. Each span is a multiple of the one before. */
const THINNING: readonly { readonly age: number; readonly span: number }[] = [
  { age: 30 * DAY, span: 28 * DAY },
  { age: 7 * DAY, span: 7 * DAY },
  { age: DAY, span: DAY },
  { age: HOUR, span: HOUR },
];

/** Of those that runs were trained from. */
const MAX_RUN_VERSIONS = 500;
/**
 * In the last hour, where nothing is thinned out. Beyond them the newest of each minute stays: whoever makes many
 * in seconds drives out his own.
 */
const MAX_RECENT = 60;

/**
 * The versions that are not kept any more. What somebody named stays for ever, what a run trained stays unless
 * there are hundreds, automatic ones become rarer with age; the newest of all always stays.
 */
export function outdated(versions: readonly KeptVersion[], now: number): readonly string[] {
  const newestFirst = [...versions].sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  const taken = new Set<string>();
  const drop: string[] = [];
  let runs = 0;
  let recent = 0;
  for (const { id, kind, created } of newestFirst) {
    if (kind === 'named') continue;
    if (kind === 'run') {
      runs += 1;
      if (runs > MAX_RUN_VERSIONS) drop.push(id);
      continue;
    }
    const rule = THINNING.find(({ age }) => now - created >= age);
    if (rule === undefined) {
      recent += 1;
      if (recent <= MAX_RECENT) continue;
    }
    const span = rule?.span ?? MINUTE;
    const slot = `${span}/${Math.floor(created / span)}`;
    if (taken.has(slot)) drop.push(id);
    taken.add(slot);
  }
  return drop;
}
