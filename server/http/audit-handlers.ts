import type { AuditEntry } from '../../src/protocol/http/audit.ts';
import type { Store } from '../store/store.ts';
import type { Handlers } from './api.ts';

export function auditHandlers(store: Store): Pick<Handlers, 'readAudit'> {
  return {
    readAudit: async ({ workspace, query: { before = Number.MAX_SAFE_INTEGER, limit } }) => {
      const entries = await store.call('auditOf', { workspace, before, limit });
      return {
        entries: entries.map(
          ({ seq, at, actor, name, action, target, outcome, detail, hash }): AuditEntry => ({
            ...{ seq, at, actor, name, action, target, outcome, detail, hash },
          }),
        ),
      };
    },
  };
}
