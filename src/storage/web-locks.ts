import type { Locks } from '../domain/runs/ports.ts';

/** The browser's own locks, shared by all tabs and workers of the origin; a holder that dies lets go. */
export function createWebLocks(manager: LockManager): Locks {
  return {
    async tryHold(name, work) {
      return await manager.request(name, { ifAvailable: true }, async (lock) =>
        lock === null ? null : { value: await work() },
      );
    },
    async held() {
      const { held = [] } = await manager.query();
      return new Set(held.flatMap(({ name }) => (name === undefined ? [] : [name])));
    },
  };
}
