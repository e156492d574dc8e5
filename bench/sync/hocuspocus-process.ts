import { Server } from '@hocuspocus/server';

// Hocuspocus as it comes, without any persistence, on loopback.

const server = new Server({ address: '127.0.0.1', port: 0, quiet: true, stopOnSignals: false });
await server.listen();
console.log(`ready at http://127.0.0.1:${server.address.port}`);
process.on('SIGTERM', () => process.exit(0));
