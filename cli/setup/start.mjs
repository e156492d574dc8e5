// `npm start`: everything from a fresh clone to a running studio.
import { ensureDependencies, runOnNode24 } from './install.mjs';
import { serverFlags } from './server-flags.mjs';

ensureDependencies();
runOnNode24('cli/setup/start.ts', undefined, serverFlags());
