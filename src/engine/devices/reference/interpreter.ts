import { deviceErrors } from '../../errors.ts';
import type { Node, Program } from '../../graph/ir.ts';
import type { MemoryPlan } from '../../graph/memory-plan.ts';
import { planMemory } from '../../graph/memory-plan.ts';
import { sizeOf } from '../../graph/sizes.ts';
import type { Kernel, Numbers } from './kernels/kernel.ts';
import { KERNELS } from './kernels/table.ts';

/** f64 is for finite differences: same programs, same plan, storage twice as wide. */
export type Precision = 'f32' | 'f64';

export interface Prepared {
  readonly program: Program;
  readonly plan: MemoryPlan;
  /** Bytes that the arena needs at the given precision. */
  readonly arenaBytes: number;
}

export function prepare(program: Program, precision: Precision): Prepared {
  const plan = planMemory(program);
  return { program, plan, arenaBytes: plan.arena_bytes * widening(precision) };
}

/** Throws ANN-DEV-002 where there is no memory for it. */
export function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw deviceErrors.outOfMemory({ message: `The reference device could not get ${bytes} bytes.`, cause });
  }
}

export function emptyLike(
  node: { readonly shape: readonly number[]; readonly dtype: string },
  precision: Precision,
): Numbers {
  const size = sizeOf(node.shape);
  if (node.dtype === 'i32') return new Int32Array(allocate(size * 4));
  return precision === 'f64' ? new Float64Array(allocate(size * 8)) : new Float32Array(allocate(size * 4));
}

/**
 * Runs the program in the arena. State is overwritten as the plan says; nothing in here throws once the
 * feeds have been checked, so that a run happens whole or not at all. Returns each output, copied.
 */
export function execute(
  prepared: Prepared,
  precision: Precision,
  arena: ArrayBuffer,
  feeds: ReadonlyMap<string, Numbers>,
  state: ReadonlyMap<string, Numbers>,
): ReadonlyMap<string, Numbers> {
  const { program, plan } = prepared;
  const values = new Array<Numbers>(program.nodes.length);
  const wide = widening(precision);
  for (const [name, id] of Object.entries(program.inputs)) {
    const node = program.nodes[id] as Node;
    const view = place(node);
    view.set(feeds.get(name) as Numbers);
    values[id] = view;
  }
  for (const node of program.nodes) {
    if (node.op === 'input') continue;
    const out = place(node);
    values[node.id] = out;
    if (node.op === 'state') continue;
    const kernel = KERNELS[node.op] as Kernel<typeof node.op>;
    kernel({
      node: node as never,
      inputs: node.inputs.map((input) => values[input] as Numbers),
      shapes: node.inputs.map((input) => (program.nodes[input] as Node).shape),
      out,
    });
  }
  const outputs = new Map<string, Numbers>();
  for (const [name, id] of Object.entries(program.outputs))
    outputs.set(name, (values[id] as Numbers).slice());
  commit();
  return outputs;

  function place(node: Node): Numbers {
    const where = plan.places[node.id] as MemoryPlan['places'][number];
    if (where.in === 'state') return state.get(where.name) as Numbers;
    const size = sizeOf(node.shape);
    const offset = where.offset * wide;
    if (node.dtype === 'i32') return new Int32Array(arena, offset, size);
    return precision === 'f64'
      ? new Float64Array(arena, offset, size)
      : new Float32Array(arena, offset, size);
  }

  /** What the plan could not write in place is copied once all of it is known. */
  function commit(): void {
    const late: [Numbers, Numbers][] = [];
    for (const [name, id] of Object.entries(program.updates)) {
      const target = state.get(name) as Numbers;
      const value = values[id] as Numbers;
      // A value that is another state's storage may itself be overwritten below.
      if (value !== target) late.push([target, value.buffer === arena ? value : value.slice()]);
    }
    for (const [target, value] of late) target.set(value);
  }
}

function widening(precision: Precision): number {
  return precision === 'f64' ? 2 : 1;
}
