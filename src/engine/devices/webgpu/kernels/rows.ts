import type { AdapterFacts } from '../adapter-facts.ts';
import type { Workgroups } from '../dispatch.ts';
import { grid } from '../grid.ts';

/** Rows up to this long are one thread's work. */
const SHORT = 64;
const LANES = 64;

export interface RowKernel {
  readonly module: string;
  /** Opens the entry point: `row`, `lane` (below `lanes`) and `live` are known; nothing is stored unless live. */
  readonly open: string;
  readonly lanes: number;
  readonly workgroups: Workgroups;
  /** A statement that makes `name` the result of all lanes: sum or max of what each has in it. */
  readonly all: (op: 'add' | 'max', name: string) => string;
}

/**
 * One row a thread where rows are short or the GPU is the processor, else one a workgroup, whose lanes
 * fold what they found through shared memory in a fixed order.
 */
export function rowKernel(adapter: AdapterFacts, rows: number, width: number): RowKernel {
  if (adapter.software || width <= SHORT) {
    const { workgroups, index } = grid(adapter, Math.ceil(rows / LANES));
    return {
      module: '',
      open: `
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) thread : u32) {
  let row = ${index} * ${LANES}u + thread;
  let lane = 0u;
  let live = true;
  if (row >= ${rows}u) { return; }`,
      lanes: 1,
      workgroups,
      all: () => '',
    };
  }
  const { workgroups, index } = grid(adapter, rows);
  return {
    module: `
var<workgroup> shared_row : array<f32, ${LANES}>;
fn row_add(value : f32, lane : u32) -> f32 {
  shared_row[lane] = value;
  workgroupBarrier();
  for (var step = ${LANES / 2}u; step > 0u; step = step >> 1u) {
    if (lane < step) { shared_row[lane] += shared_row[lane + step]; }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&shared_row[0]);
}
fn row_max(value : f32, lane : u32) -> f32 {
  shared_row[lane] = value;
  workgroupBarrier();
  for (var step = ${LANES / 2}u; step > 0u; step = step >> 1u) {
    if (lane < step) { shared_row[lane] = max(shared_row[lane], shared_row[lane + step]); }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&shared_row[0]);
}`,
    // Workgroups beyond the last row go along, so that barriers meet all lanes, but must not store.
    open: `
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let live = ${index} < ${rows}u;
  let row = min(${index}, ${rows - 1}u);`,
    lanes: LANES,
    workgroups,
    all: (op, name) => `${name} = row_${op}(${name}, lane);`,
  };
}
