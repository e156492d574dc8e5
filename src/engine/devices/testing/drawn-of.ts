import { inject } from 'vitest';
import { Random } from '../../../base/random.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Which of what Node does too a browser does again. */
    readonly drawn: { readonly seed: number; readonly all: boolean };
  }
}

/** Of so many one. */
const ONE_OF = 4;
let random: Random | null = null;

/**
 * What Node computes on the same processor through the same code, a browser computes again for some of all,
 * others each time: shaders take a processor long to compile. ANNEAL_ALL=1 tries all of them, and ANNEAL_SEED
 * draws as before.
 */
export function drawnOf<One>(all: readonly One[]): readonly One[] {
  const drawing = inject('drawn');
  if (drawing.all) return all;
  if (random === null) console.info(`ANNEAL_SEED=${drawing.seed}`);
  random ??= new Random(drawing.seed);
  const rest = [...all];
  while (rest.length * ONE_OF > all.length && rest.length > 1) rest.splice(random.below(rest.length), 1);
  return rest;
}
