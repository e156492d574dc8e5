import type { Program } from '../ir.ts';
import type { Cluster } from './cluster.ts';
import { Draft } from './draft.ts';
import { emitEnds } from './ends.ts';
import { finish } from './finish.ts';
import { fuseElementwise } from './fuse-elementwise.ts';
import { Fusion } from './fusion.ts';
import type { KernelPlan } from './kernel-plan.ts';
import { isInlined } from './operands.ts';
import { place } from './place.ts';
import { emitSingle } from './single.ts';

export interface LowerOptions {
  /** False makes one call or more of each node; for tests. */
  readonly fuse?: boolean;
}

/** Makes the program ready for a device with an arena of its own: kernel calls and the places of their tensors. */
export function lower(program: Program, options: LowerOptions = {}): KernelPlan {
  const draft = new Draft(program);
  if (options.fuse === false) for (const node of program.nodes) emitSingle(draft, node);
  else emitFused(draft);
  const ends = emitEnds(draft);
  const places = place(draft, ends, new Map());
  return finish(draft, ends, places);
}

function emitFused(draft: Draft): void {
  const fusion = new Fusion(draft);
  const clusters = new Map<number, Cluster>();
  fuseElementwise(fusion, clusters);
  for (const node of draft.nodes) {
    const { id, op } = node;
    if (!fusion.isFree(id) || draft.isView(id) || op === 'input' || op === 'state') continue;
    if (isInlined(op) && fusion.inMemory[id] === 0) continue;
    fusion.group(id, [id], () => emitSingle(draft, node));
  }
  const order = fusion.groups.filter((group) => group.members.length > 0);
  order.sort((a, b) => a.position - b.position);
  for (const group of order) group.emit(group);
}
