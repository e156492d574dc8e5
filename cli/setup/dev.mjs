// `npm run dev`: Vite with hot reload on the same server.
import { ensureDependencies, runOnNode24 } from './install.mjs';

ensureDependencies();
runOnNode24('server/main.ts', ['--vite', ...process.argv.slice(2)]);
