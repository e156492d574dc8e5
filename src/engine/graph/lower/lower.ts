import type { Program } from '../ir.ts';
import { Draft } from './draft.ts';
import { emitEnds } from './ends.ts';
import { finish } from './finish.ts';
import type { KernelPlan } from './kernel-plan.ts';
import { place } from './place.ts';
import { emitSingle } from './single.ts';

export interface LowerOptions {
  /** False makes one call or more of each node; for tests. */
  readonly fuse?: boolean;
}

/** Makes the program ready for a device with an arena of its own: kernel calls and the places of their tensors. */
export function lower(program: Program, options: LowerOptions = {}): KernelPlan {
  void options;
  const draft = new Draft(program);
  for (const node of program.nodes) emitSingle(draft, node);
  const ends = emitEnds(draft);
  const places = place(draft, ends, new Map());
  return finish(draft, ends, places);
}
