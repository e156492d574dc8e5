import type { Node, Program } from '../ir.ts';
import type { MemoryBytes } from '../memory-plan.ts';
import { chunkCrossEntropy, LOGITS_CHUNK_BYTES } from './chunk-cross-entropy.ts';
import type { Cluster } from './cluster.ts';
import { Draft } from './draft.ts';
import { emitEnds } from './ends.ts';
import { arenaByKind, finish } from './finish.ts';
import { fuseAttention } from './fuse-attention.ts';
import { fuseCrossEntropy } from './fuse-cross-entropy.ts';
import { fuseElementwise } from './fuse-elementwise.ts';
import { fuseNorms } from './fuse-norms.ts';
import { fuseAdamW, fuseSumSquares } from './fuse-optimizer.ts';
import { fuseStacks } from './fuse-stacks.ts';
import { fuseSums } from './fuse-sums.ts';
import { placeConcats, viewColumns } from './fuse-views.ts';
import { Fusion } from './fusion.ts';
import { chooseHalves } from './half.ts';
import type { KernelPlan } from './kernel-plan.ts';
import { isInlined } from './operands.ts';
import { place } from './place.ts';
import { emitSingle } from './single.ts';
import { keepSlopes } from './slopes.ts';
import { gradientOffsets, type StateLayout } from './state-layout.ts';

export interface LowerOptions {
  /** False makes one call or more of each node; for tests. */
  readonly fuse?: boolean;
  /** Bytes of logits beyond which they are made some rows at a time; LOGITS_CHUNK_BYTES where it is not said. */
  readonly logits_chunk_bytes?: number;
  /** Keeps intermediate values as IEEE halves where half.ts allows it. */
  readonly half?: boolean;
  /** How the session lays out its state: what lies side by side there may be read as one tensor. */
  readonly layout?: StateLayout;
}

/** Makes the program ready for a device with an arena of its own: kernel calls and the places of their tensors. */
export function lower(program: Program, options: LowerOptions = {}): KernelPlan {
  const { draft, ends, places } = planned(program, options);
  return finish(draft, ends, places);
}

/** The arena of `lower(program, options)` by purpose, without the plan: what pre-flight asks for with every key. */
export function arenaOf(program: Program, options: LowerOptions = {}): MemoryBytes {
  const { draft, places } = planned(program, options);
  return arenaByKind(draft, places);
}

function planned(program: Program, options: LowerOptions) {
  const draft = new Draft(program);
  let fixed: ReadonlyMap<number, number> = new Map();
  if (options.fuse === false) for (const node of program.nodes) emitSingle(draft, node);
  else fixed = emitFused(draft, options);
  const ends = emitEnds(draft);
  if (options.half === true) chooseHalves(draft, ends, fixed);
  return { draft, ends, places: place(draft, ends, fixed) };
}

/** Returns where gradients have to be in the arena, by base. */
function emitFused(draft: Draft, { logits_chunk_bytes, layout }: LowerOptions): ReadonlyMap<number, number> {
  viewColumns(draft);
  const fusion = new Fusion(draft);
  const clusters = new Map<number, Cluster>();
  const gradients = fuseAdamW(fusion);
  fuseSumSquares(fusion);
  chunkCrossEntropy(fusion, logits_chunk_bytes ?? LOGITS_CHUNK_BYTES);
  fuseCrossEntropy(fusion);
  fuseAttention(fusion);
  fuseNorms(fusion);
  if (layout !== undefined) fuseStacks(fusion, layout);
  fuseSums(fusion, clusters);
  fuseElementwise(fusion, clusters);
  placeConcats(fusion, clusters);
  keepSlopes(fusion, clusters);
  for (let id = 0; id < draft.nodes.length; id++) {
    const node = draft.nodes[id] as Node;
    const { op } = node;
    if (!fusion.isFree(id) || draft.isView(id) || op === 'input' || op === 'state') continue;
    if (isInlined(op) && fusion.inMemory[id] === 0) continue;
    fusion.group(id, [id], () => emitSingle(draft, node));
  }
  const order = fusion.groups.filter((group) => group.members.length > 0);
  order.sort((a, b) => a.position - b.position);
  for (const group of order) group.emit(group);
  return gradientOffsets(draft, gradients);
}
