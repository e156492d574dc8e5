import { startServer } from '../../server/server.ts';

// A server as people run it, but for limits that make it compact and let go of documents all the time.

const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('serve-process.ts DATA_FOLDER');
const server = await startServer({
  port: 0,
  dataDir,
  studio: { kind: 'none' },
  sampleConfig: 'model:\n  preset: small\n',
  limits: { logUpdates: 40, idleMs: 100 },
});
console.log(server.url);
