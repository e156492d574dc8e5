import type { KernelCallOf } from '../../../graph/lower/kernel-plan.ts';
import { REDUCE_CHUNK, reduceChunks } from '../../../graph/lower/scratch.ts';
import type { Dispatch, Kernel, KernelContext } from '../dispatch.ts';
import { read, write } from '../wanted.ts';
import { threads } from './threads.ts';

/** How numbers are put together. */
interface Fold {
  readonly start: string;
  readonly join: (a: string, b: string) => string;
}

const SUM: Fold = { start: '0.0', join: (a, b) => `${a} + ${b}` };
/** The least finite f32: WGSL has no literal for minus infinity. */
const MAX: Fold = {
  start: '-3.4028234e38',
  join: (a, b) => `select(${a}, ${b}, ${b} > ${a} || ${b} != ${b})`,
};

export const reduce_sum: Kernel<'reduce_sum'> = (call, context) => reduce(call, context, SUM);
export const reduce_max: Kernel<'reduce_max'> = (call, context) => reduce(call, context, MAX);

/**
 * A thread for each result and each chunk of the axis, then one for each result over its chunks. Four
 * partial results a thread keep the error of a sum small, and its additions apart.
 */
function reduce(
  call: KernelCallOf<'reduce_sum'> | KernelCallOf<'reduce_max'>,
  context: KernelContext,
  fold: Fold,
): readonly Dispatch[] {
  const { outer, size, inner } = call.attributes;
  const [x, y] = [call.inputs[0] as number, call.outputs[0] as number];
  const { scratch } = call;
  const chunks = scratch === null ? 1 : reduceChunks(size);
  const along = chunks === 1 ? size : REDUCE_CHUNK;
  const results = outer * inner;
  const first = context.bind(call.kernel, { x: read(x), y: write(chunks === 1 ? y : (scratch as number)) });
  const { text, workgroups } = threads(
    context.adapter,
    results * chunks,
    `
  let chunk = i / ${results}u;
  let result = i % ${results}u;
  let start = (result / ${inner}u) * ${size * inner}u + result % ${inner}u;
  let begin = chunk * ${along}u;
  let to = min(begin + ${along}u, ${size}u);
  ${folded(fold, 'begin', 'to', (at) => first.tensors.x.load(`start + ${at} * ${inner}u`))}
  ${first.tensors.y.store('i', fold.join('ab', 'cd'))}`,
  );
  const dispatches = [first.dispatch(text, workgroups)];
  if (chunks > 1) {
    const second = context.bind(call.kernel, { x: read(scratch as number), y: write(y) });
    const rest = threads(
      context.adapter,
      results,
      `
  ${folded(fold, '0u', `${chunks}u`, (at) => second.tensors.x.load(`${at} * ${results}u + i`))}
  ${second.tensors.y.store('i', fold.join('ab', 'cd'))}`,
    );
    dispatches.push(second.dispatch(rest.text, rest.workgroups));
  }
  return dispatches;
}

/** Folds what lies at begin..to into `ab` and `cd`. */
function folded({ start, join }: Fold, begin: string, to: string, load: (at: string) => string): string {
  const lanes = ['a', 'b', 'c', 'd'];
  return `
  ${lanes.map((lane) => `var ${lane} = ${start};`).join(' ')}
  var at = ${begin};
  for (; at + 3u < ${to}; at += 4u) {
    ${lanes.map((lane, k) => `let x${k} = ${load(k === 0 ? 'at' : `(at + ${k}u)`)}; ${lane} = ${join(lane, `x${k}`)};`).join('\n    ')}
  }
  for (; at < ${to}; at++) { let x0 = ${load('at')}; a = ${join('a', 'x0')}; }
  let ab = ${join('a', 'b')};
  let cd = ${join('c', 'd')};`;
}
