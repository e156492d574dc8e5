// `npm run dev`: Vite with hot reload on the same server.
import { ensureDependencies, runOnNode24 } from './install.mjs';
import { serverFlags } from './server-flags.mjs';

ensureDependencies();
runOnNode24('server/main.ts', ['--vite', ...process.argv.slice(2)], serverFlags());
