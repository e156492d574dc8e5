// `npm run check`: types, lint, format, layers, cycles, dead code.
import { ensureDependencies, runOnNode24 } from './install.mjs';

ensureDependencies();
runOnNode24('cli/check/check.ts');
