import { ensureBuild } from './build.ts';

await ensureBuild();
await import('../../server/main.ts');
