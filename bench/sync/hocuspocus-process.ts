import { Server } from '@hocuspocus/server';

// Hocuspocus as it comes, without any persistence, on loopback. Its timeout ends sockets that say nothing; those who
// only listen here do.

const server = new Server({
  address: '127.0.0.1',
  port: 0,
  quiet: true,
  stopOnSignals: false,
  timeout: 3_600_000,
});
await server.listen();
console.log(`ready at http://127.0.0.1:${server.address.port}`);
process.on('SIGTERM', () => process.exit(0));
