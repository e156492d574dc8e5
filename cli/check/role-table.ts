import { type Action, actions, can, roles, type Scope, scopes } from '../../src/domain/access/roles.ts';
import type { Operation } from '../../src/protocol/http/operation.ts';
import { operations } from '../../src/protocol/http/operations.ts';

const names = Object.keys(actions) as Action[];

/** What is no operation of the HTTP interface. */
const onSockets: Partial<Record<Action, string>> = {
  'document.read': 'opening a sync socket',
  'document.edit': 'a change on a sync socket',
};

/** Which role may do what, and which operations of the server ask for it. */
export function roleTable(): string {
  const all = Object.entries(operations) as [string, Operation][];
  const rows = names.map((action) => {
    const cells = roles.map((role) => (can(role, action) ? 'yes' : '–'));
    const uses = all.filter(([, operation]) => operation.action === action).map(([id]) => `\`${id}\``);
    const { says, scope } = actions[action];
    const socket = onSockets[action];
    if (socket !== undefined) uses.push(socket);
    return `| \`${action}\` | ${says} | ${cells.join(' | ')} | ${scope} | ${uses.join(', ')} |`;
  });
  return [
    `| action | what it is | ${roles.join(' | ')} | scope of a key | operations |`,
    `|---|---|${roles.map(() => '---|').join('')}---|---|`,
    ...rows,
  ].join('\n');
}

/** What nobody needs a role for. */
export function openOperations(): string {
  const all = Object.entries(operations) as [string, Operation][];
  const line = ([id, { method, path, summary }]: [string, Operation]): string =>
    `| \`${id}\` | ${method} ${path} | ${summary} |`;
  const of = (kind: 'public' | 'self'): string[] =>
    all
      .filter(([, { action }]) => action === kind)
      .map((entry) => `${line(entry)} ${kind === 'public' ? 'anybody' : 'who is signed in'} |`);
  return [
    '| operation | address | what it does | for |',
    '|---|---|---|---|',
    ...of('public'),
    ...of('self'),
  ].join('\n');
}

export function scopeTable(): string {
  const rows = (Object.keys(scopes) as Scope[]).map((scope) => `| \`${scope}\` | ${scopes[scope]} |`);
  return ['| scope | what a key with it may do, as far as its user may |', '|---|---|', ...rows].join('\n');
}
