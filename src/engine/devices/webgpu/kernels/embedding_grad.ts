import type { KernelCallOf } from '../../../graph/lower/kernel-plan.ts';
import type { Dispatch, Kernel, KernelContext } from '../dispatch.ts';
import { grid } from '../grid.ts';
import { read, write } from '../wanted.ts';
import { SIZE, threads, vectorFor } from './threads.ts';

/** Ids that a workgroup looks at together. */
const TILE = 256;

/**
 * A workgroup for each row of the table that may be met: it marks in which rows of a tile of dy its id
 * occurs, then its threads, a column each, add these in ascending order. Where the table is larger than
 * dy, the table is zeroed first, and a workgroup belongs to a row of dy and works where that row is the
 * first with its id. No float is added atomically, so the sum is always the same.
 */
export const embedding_grad: Kernel<'embedding_grad'> = (call, context) => {
  const { rows, width, table_rows } = call.attributes;
  const [dy, ids] = call.inputs as [number, number];
  const id = call.outputs[0] as number;
  const vector = vectorFor(width);
  const columns = width / vector;
  const byRow = table_rows > rows;
  if (context.adapter.software && !byRow) return [scan(call, context)];
  const dispatches: Dispatch[] = [];
  if (byRow) {
    const { tensors, dispatch } = context.bind('embedding_grad', { y: write(id, vector) });
    const zero = tensors.y.store('i', `${tensors.y.type}()`);
    const { text, workgroups } = threads(context.adapter, table_rows * columns, zero);
    dispatches.push(dispatch(text, workgroups));
  }
  const { tensors, dispatch } = context.bind('embedding_grad', {
    dy: read(dy, vector),
    ids: read(ids, 1, 'u32'),
    y: write(id, vector),
  });
  const owners = byRow ? rows : table_rows;
  const { workgroups, index } = grid(context.adapter, owners);
  const perThread = Math.ceil(columns / TILE);
  const each = (statement: (k: number) => string) =>
    Array.from({ length: perThread }, (_, k) => statement(k)).join('\n');
  dispatches.push(
    dispatch(
      `
var<workgroup> met : array<atomic<u32>, ${TILE / 32}>;
@compute @workgroup_size(${TILE})
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let owner = min(${index}, ${owners - 1}u);
  let id = ${byRow ? tensors.ids.load('owner') : 'owner'};
  var first = ${rows}u;
  ${each((k) => `var sum${k} = ${tensors.y.type}();`)}
  for (var tile = 0u; tile < ${rows}u; tile += ${TILE}u) {
    if (lane < ${TILE / 32}u) { atomicStore(&met[lane], 0u); }
    workgroupBarrier();
    let row = tile + lane;
    if (row < ${rows}u && ${tensors.ids.load('row')} == id) { atomicOr(&met[lane / 32u], 1u << (lane % 32u)); }
    workgroupBarrier();
    for (var word = 0u; word < ${TILE / 32}u; word++) {
      var bits = atomicLoad(&met[word]);
      while (bits != 0u) {
        let at = tile + word * 32u + countTrailingZeros(bits);
        bits &= bits - 1u;
        first = min(first, at);
        ${each((k) => `if (lane + ${k * TILE}u < ${columns}u) { sum${k} += ${tensors.dy.load(`at * ${columns}u + lane + ${k * TILE}u`)}; }`)}
      }
    }
    workgroupBarrier();
  }
  if (${index} >= ${owners}u${byRow ? ' || first != owner' : ''}) { return; }
  ${each((k) => `if (lane + ${k * TILE}u < ${columns}u) { ${tensors.y.store(`id * ${columns}u + lane + ${k * TILE}u`, `sum${k}`)} }`)}
}`,
      workgroups,
    ),
  );
  return dispatches;
};

/** Without barriers, which a processor does not like: a thread for each element (or four) of a small table. */
function scan(call: KernelCallOf<'embedding_grad'>, context: KernelContext): Dispatch {
  const { rows, width, table_rows } = call.attributes;
  const [dy, ids] = call.inputs as [number, number];
  const vector = vectorFor(width);
  const columns = width / vector;
  const { tensors, dispatch } = context.bind('embedding_grad', {
    dy: read(dy, vector),
    ids: read(ids, 1, 'u32'),
    y: write(call.outputs[0] as number, vector),
  });
  const { text, workgroups } = threads(
    context.adapter,
    table_rows * columns,
    `
  let id = i / ${columns}u;
  let column = i % ${columns}u;
  var sum = ${tensors.y.type}();
  for (var row = 0u; row < ${rows}u; row++) {
    if (${tensors.ids.load('row')} == id) { sum += ${tensors.dy.load(`row * ${columns}u + column`)}; }
  }
  ${tensors.y.store('i', 'sum')}`,
    // As many as the sums of the first norm's gradient have, beside which there is room.
    SIZE,
  );
  return dispatch(text, workgroups);
}
