import type { DeviceName } from '../device.ts';
import { aligned } from '../graph/arena.ts';
import { inBasicOps } from '../graph/basic-ops.ts';
import type { Program, StateSpec } from '../graph/ir.ts';
import { STATE_KIND } from '../graph/ir.ts';
import { arenaOf } from '../graph/lower/lower.ts';
import { stateLayout } from '../graph/lower/state-layout.ts';
import type { MemoryBytes } from '../graph/memory-plan.ts';
import { addBytes, bytesByKind, KINDS, planMemory, sessionBytes } from '../graph/memory-plan.ts';
import { sizeOf } from '../graph/sizes.ts';
import { maxPositions } from '../models/forward.ts';
import type { ModelConfig } from './spec.ts';

/**
 * How a device holds a session's memory. 'arena': state and one arena, placed as `lower` plans, so that
 * what is planned is what is allocated. 'halves': the same, and programs of dtype float16 keep halves in it,
 * which elsewhere are f32. 'pool': tensors come and go in the device's own pool; what is planned is what
 * they add up to, in the basic ops that such devices run: theirs hold what attention does not. 'program': an arena for the values of the program as it is.
 */
export type DeviceMemory = 'arena' | 'halves' | 'pool' | 'program';

const OWN: Readonly<Record<string, DeviceMemory>> = {
  webgpu: 'halves',
  wasm: 'arena',
  reference: 'program',
} satisfies { readonly [Name in DeviceName]?: DeviceMemory };

export function memoryOfDevice(name: string): DeviceMemory {
  return OWN[name] ?? 'pool';
}

/**
 * What a training session holds. In an arena that is the state, the caches that samples are decoded with,
 * and the largest arena of any of its programs: those of training, since evaluation and decoding compute
 * a part of the same.
 */
export function trainingMemory(
  model: ModelConfig,
  state: readonly StateSpec[],
  programs: readonly Program[],
  memory: DeviceMemory,
): MemoryBytes {
  if (memory === 'program') return sessionBytes(state, programs.map(planMemory));
  if (memory === 'pool') {
    return sessionBytes(
      state,
      programs.map((program) => planMemory(inBasicOps(program))),
    );
  }
  const held = KINDS.map(() => 0);
  for (const { kind, shape } of state) {
    const at = KINDS.indexOf(STATE_KIND[kind]);
    held[at] = (held[at] as number) + aligned(4 * sizeOf(shape));
  }
  const caches = KINDS.indexOf(STATE_KIND.cache);
  held[caches] = (held[caches] as number) + cacheBytes(model);
  const layout = stateLayout(state);
  let largest: MemoryBytes | null = null;
  for (const program of programs) {
    const arena = arenaOf(program, { half: memory === 'halves' && program.dtype === 'float16', layout });
    if (largest === null || arena.total > largest.total) largest = arena;
  }
  const state_bytes = bytesByKind(held);
  return largest === null ? state_bytes : addBytes(state_bytes, largest);
}

/** Of the keys and values of one sequence as long as the model reads, [1, key heads, positions, head size] each. */
export function cacheBytes(model: ModelConfig): number {
  const positions = maxPositions(model);
  if (model.model_type === 'gpt2') return 2 * model.n_layer * aligned(4 * positions * model.n_embd);
  const size = model.head_dim ?? model.hidden_size / model.num_attention_heads;
  return 2 * model.num_hidden_layers * aligned(4 * positions * model.num_key_value_heads * size);
}
