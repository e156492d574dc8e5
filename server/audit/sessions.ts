import type { IncomingMessage } from 'node:http';
import { CloseCode, type SyncAddress } from '../../src/protocol/sync.ts';
import type { Principal } from '../access/principal.ts';
import type { DocumentName } from '../store/write.ts';
import { type Greeter, type Guest, isRefusal } from '../sync/guest.ts';
import type { AuditLog } from './audit-log.ts';
import { type AuditLine, STRANGER } from './line.ts';

/** What a client is sent away for that did what it may not, or what no client of ours does. */
const OFFENCES: ReadonlySet<number> = new Set([
  CloseCode.badRequest,
  CloseCode.forbidden,
  CloseCode.tooLarge,
  CloseCode.refusedUpdate,
  CloseCode.flood,
]);

/** Who goes on editing leaves a further line after this long. */
const EDITED_EVERY_MS = 15 * 60_000;

/** The audit lines of sync sockets: somebody came to a document, and wrote into it; not every key. */
export class SessionLines {
  readonly #audit: AuditLog;
  readonly #edited = new WeakMap<Guest, number>();

  constructor(audit: AuditLog) {
    this.#audit = audit;
  }

  /** Says what the greeter said, to each socket with a guest of its own. */
  greeter(greeter: Greeter): Greeter {
    return async (request: IncomingMessage, address: SyncAddress) => {
      const answer = await greeter(request, address);
      if (isRefusal(answer)) {
        // Of strangers the address is not kept: they can think of any number.
        void this.#audit.note({ actor: STRANGER, action: 'document.open', outcome: `close ${answer.code}` });
        return answer;
      }
      void this.#audit.note(lineOf(answer.principal, 'document.opened', address));
      return {
        principal: answer.principal,
        role: () => answer.role(),
        onChange: (listener) => answer.onChange(listener),
        onSentAway: (code) => {
          answer.onSentAway?.(code);
          if (!OFFENCES.has(code)) return;
          const line = lineOf(answer.principal, 'document.refused', address);
          void this.#audit.note({ ...line, outcome: `close ${code}` });
        },
      };
    };
  }

  edited(name: DocumentName, guest: Guest): void {
    const now = performance.now();
    const last = this.#edited.get(guest);
    if (last !== undefined && now - last < EDITED_EVERY_MS) return;
    this.#edited.set(guest, now);
    void this.#audit.note(lineOf(guest.principal, 'document.edited', name));
  }
}

function lineOf({ kind, id, name }: Principal, action: string, { project, path }: DocumentName): AuditLine {
  return { actor: `${kind}:${id}`, name, action, target: `project=${project} path=${path}`, project };
}
