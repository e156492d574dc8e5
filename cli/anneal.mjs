#!/usr/bin/env node
// `npx anneal`: sets up when called before `npm start`, then hands over to Node 24.
import { ensureDependencies, runOnNode24 } from './setup/install.mjs';

ensureDependencies();
runOnNode24('cli/main.ts');
