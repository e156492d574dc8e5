// `npm test`: set-up, checks, units, and journeys in a real browser.
import { ensureDependencies, runOnNode24 } from './install.mjs';

ensureDependencies();
runOnNode24('cli/setup/test.ts');
