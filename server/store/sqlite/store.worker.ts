import { workerData } from 'node:worker_threads';
import type { Opened, StoreFiles } from './messages.ts';
import { serveThread } from './serve-thread.ts';
import { SqliteSession } from './session.ts';

// SQLite is synchronous: what writes has this thread to itself, so that a slow disk never holds up the sockets.
// Requests run strictly one after the other, each in a transaction of its own.

serveThread(() => {
  const session = SqliteSession.open(workerData as StoreFiles);
  return {
    opened: { epoch: session.epoch, lsn: session.lsn, names: session.names.shared } satisfies Opened,
    beside: 'backup', // it takes long
    async run({ name, input }) {
      if (name === 'backup') await session.backup(input as string);
      else if (name === 'scrub') session.scrub();
      else if (name !== 'close' && name !== 'checkpoint') return session.run(name, input);
      return null;
    },
    close: () => session.close(),
  };
});
