import type { Writable } from 'node:stream';
import type { Backlog } from './backlog.ts';
import type { Guest } from './guest.ts';
import type { SyncLimits } from './limits.ts';
import type { SyncMetrics } from './metrics.ts';
import type { Share } from './share.ts';
import type { Turns } from './turns.ts';

/** What a connection needs from around it. */
export interface ConnectionParts {
  /**
   * What the socket writes to. Most of what is sent is sent to many: it is framed once, and not for each. Without
   * it, the socket frames for itself.
   */
  readonly stream?: Writable;
  readonly guest: Guest;
  readonly limits: SyncLimits;
  readonly turns: Turns;
  /** The socket's own, and that of all sockets of its address. */
  readonly shares: readonly Share[];
  /** Of all sockets of its address. */
  readonly backlog?: Backlog;
  readonly metrics: SyncMetrics;
}
