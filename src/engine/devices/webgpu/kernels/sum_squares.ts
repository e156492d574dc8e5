import type { Dispatch, Kernel, KernelContext } from '../dispatch.ts';
import { sizeOf } from '../spaces.ts';
import { read, span, table, write } from '../wanted.ts';
import { threads } from './threads.ts';

/**
 * A sum for each chunk of each tensor, then the sum of these. What is not finite is found by its bits,
 * since WGSL may assume that there is no such thing; then the result is NaN.
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

const FINITE = `
fn not_finite(x : f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u; }
fn checked(sum : f32, bad : bool) -> f32 { return bitcast<f32>(select(bitcast<u32>(sum), 0x7fc00000u, bad)); }
`;

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
  const { text, workgroups } = threads(
    context.adapter,
    count,
    `
  let start = ${chunks.load('2u * i')};
  let size = ${chunks.load('2u * i + 1u')};
  var a = 0.0; var b = 0.0; var c = 0.0; var d = 0.0;
  var bad = false;
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
  const { text, workgroups } = threads(
    context.adapter,
    1,
    `
  var sum = vec4<f32>(0.0);
  var bad = false;
  for (var at = 0u; at < ${count}u; at++) {
    let x = ${tensors.x.load('at')};
    sum[at % 4u] += x;
    bad = bad || not_finite(x);
  }
  ${tensors.y.store('0u', 'checked((sum.x + sum.y) + (sum.z + sum.w), bad)')}`,
  );
  return dispatch(FINITE + text, workgroups);
}
