import { sizeOf } from '../../../graph/sizes.ts';
import type { Dispatch, Kernel, KernelContext } from '../dispatch.ts';
import { grid } from '../grid.ts';
import { read, span, table, write } from '../wanted.ts';
import { threads } from './threads.ts';

/**
 * A sum for each chunk of each tensor, then the sum of these; the lanes of a workgroup share both, folded in
 * a fixed order. Where the GPU is the processor a thread sums a chunk by itself. What is not finite is found
 * by its bits, since WGSL may assume that there is no such thing; then the result is NaN.
 */
export const sum_squares: Kernel<'sum_squares'> = (call, context) => {
  const { scratch } = call;
  const { chunk } = call.attributes;
  const dispatches: Dispatch[] = [];
  const partials = scratch ?? (call.outputs[0] as number);
  let done = 0;
  for (const inputs of runsOf(call.inputs, partials, context)) {
    dispatches.push(chunkSums(inputs, partials, done, chunk, context));
    done += chunksOf(inputs, chunk, context);
  }
  if (scratch !== null) dispatches.push(total(scratch, call.outputs[0] as number, done, context));
  return dispatches;
};

const LANES = 64;

const FINITE = `
fn not_finite(x : f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u; }
fn checked(sum : f32, bad : bool) -> f32 { return bitcast<f32>(select(bitcast<u32>(sum), 0x7fc00000u, bad)); }
`;

/** `folded` is for lane 0 what all lanes have found. */
const FOLD = `${FINITE}
var<workgroup> sums : array<f32, ${LANES}>;
var<workgroup> found_bad : array<u32, ${LANES}>;
fn folded(sum : f32, bad : bool, lane : u32) -> f32 {
  sums[lane] = sum;
  found_bad[lane] = select(0u, 1u, bad);
  workgroupBarrier();
  for (var step = ${LANES / 2}u; step > 0u; step = step >> 1u) {
    if (lane < step) {
      sums[lane] += sums[lane + step];
      found_bad[lane] |= found_bad[lane + step];
    }
    workgroupBarrier();
  }
  return checked(sums[0], found_bad[0] != 0u);
}
`;

/** An entry point in which the lanes of each of `count` workgroups run `body` with the workgroup's number as `i`. */
function workgroupsOf(context: KernelContext, count: number, body: string) {
  const { workgroups, index } = grid(context.adapter, count);
  const text = `${FOLD}
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let i = ${index};
  if (i >= ${count}u) { return; }
  ${body}
}`;
  return { text, workgroups };
}

/** Inputs in as few runs as there can be, each in one space and within what can be bound. */
function* runsOf(inputs: readonly number[], partials: number, context: KernelContext): Generator<number[]> {
  let run: number[] = [];
  for (const id of inputs) {
    const next = [...run, id];
    const together =
      context.tensor(next[0] as number).place.in === context.tensor(id).place.in &&
      context.fits({ x: span(next, 'read'), y: write(partials), chunks: table(new Uint32Array(0)) });
    if (together || run.length === 0) {
      run = next;
      continue;
    }
    yield run;
    run = [id];
  }
  if (run.length > 0) yield run;
}

function chunksOf(inputs: readonly number[], chunk: number, context: KernelContext): number {
  return inputs.reduce((sum, id) => sum + Math.ceil(sizeOf(context.tensor(id).shape) / chunk), 0);
}

function chunkSums(
  inputs: readonly number[],
  partials: number,
  done: number,
  chunk: number,
  context: KernelContext,
): Dispatch {
  const sizes = inputs.map((id) => sizeOf(context.tensor(id).shape));
  const count = chunksOf(inputs, chunk, context);
  // Where a chunk begins depends on where the tensors lie, which only binding tells.
  const numbers = new Uint32Array(2 * count);
  const bound = context.bind('sum_squares', {
    x: span(inputs, 'read'),
    y: write(partials),
    chunks: table(numbers),
  });
  const { x, y, chunks } = bound.tensors;
  let at = 0;
  for (const [i, size] of sizes.entries()) {
    for (let from = 0; from < size; from += chunk) {
      numbers.set([(x.starts[i] as number) + from, Math.min(chunk, size - from)], at);
      at += 2;
    }
  }
  const chunkOf = `
  let start = ${chunks.load('2u * i')};
  let size = ${chunks.load('2u * i + 1u')};
  var bad = false;`;
  if (!context.adapter.software) {
    const { text, workgroups } = workgroupsOf(
      context,
      count,
      `${chunkOf}
  var sum = 0.0;
  for (var at = lane; at < size; at += ${LANES}u) {
    let x0 = ${x.load('start + at')};
    sum += x0 * x0;
    bad = bad || not_finite(x0);
  }
  let all = folded(sum, bad, lane);
  if (lane == 0u) { ${y.store(`${done}u + i`, 'all')} }`,
    );
    return bound.dispatch(text, workgroups);
  }
  const { text, workgroups } = threads(
    context.adapter,
    count,
    `${chunkOf}
  var a = 0.0; var b = 0.0; var c = 0.0; var d = 0.0;
  var at = 0u;
  for (; at + 3u < size; at += 4u) {
    let x0 = ${x.load('start + at')}; a += x0 * x0;
    let x1 = ${x.load('start + at + 1u')}; b += x1 * x1;
    let x2 = ${x.load('start + at + 2u')}; c += x2 * x2;
    let x3 = ${x.load('start + at + 3u')}; d += x3 * x3;
    bad = bad || not_finite(x0) || not_finite(x1) || not_finite(x2) || not_finite(x3);
  }
  for (; at < size; at++) {
    let x0 = ${x.load('start + at')}; a += x0 * x0;
    bad = bad || not_finite(x0);
  }
  ${y.store(`${done}u + i`, 'checked((a + b) + (c + d), bad)')}`,
  );
  return bound.dispatch(FINITE + text, workgroups);
}

function total(partials: number, y: number, count: number, context: KernelContext): Dispatch {
  const { tensors, dispatch } = context.bind('sum_squares', { x: read(partials), y: write(y) });
  const { text, workgroups } = workgroupsOf(
    context,
    1,
    `
  var sum = 0.0;
  var bad = false;
  for (var at = lane; at < ${count}u; at += ${LANES}u) {
    let x = ${tensors.x.load('at')};
    sum += x;
    bad = bad || not_finite(x);
  }
  let all = folded(sum, bad, lane);
  if (lane == 0u) { ${tensors.y.store('0u', 'all')} }`,
  );
  return dispatch(text, workgroups);
}
