import type { AuditEntry } from '../../protocol/http/audit.ts';

/** An operation's name, or one of the server's own words, as people read it. */
export function actionWords(action: string): string {
  const words = spaced(action).replaceAll('.', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What it was done to, and with what: the place first, then what the entry says besides. */
export function aboutWords({ target, detail }: Pick<AuditEntry, 'target' | 'detail'>): string {
  const places = target.split(' ').filter((part) => part !== '' && !part.startsWith('workspace='));
  return [...places.map((part) => part.replace('=', ' ')), ...detailWords(detail)].join(', ');
}

/** Whether it was done; an error's code where it was not. */
export function isDone({ outcome }: Pick<AuditEntry, 'outcome'>): boolean {
  return outcome === 'done';
}

export function actorWords({ actor, name }: Pick<AuditEntry, 'actor' | 'name'>): string {
  const [kind = ''] = actor.split(':');
  if (kind === 'local') return name ?? 'This machine';
  if (kind === 'server') return 'The server';
  if (kind === 'nobody') return 'Somebody not signed in';
  const who = name ?? actor;
  return kind === 'key' ? `${who}, by a key` : kind === 'share' ? `${who}, by a link` : who;
}

function detailWords(detail: string): string[] {
  try {
    const value: unknown = JSON.parse(detail === '' ? '{}' : detail);
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value)
      .filter(([key, one]) => key !== 'lastingMs' && !(key === 'expires' && one === null)) // expires says it
      .map(([key, one]) => {
        if (key === 'again') return `and ${plain(one)} more like it`;
        return `${spaced(key)} ${key === 'expires' ? new Date(one).toLocaleString() : plain(one)}`;
      });
  } catch {
    return []; // the entry is shown for what is left of it; verifying says what is wrong
  }
}

function spaced(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
}

function plain(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map(plain).join(' and ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
