import type { AdapterFacts } from '../adapter-facts.ts';
import type { Workgroups } from '../dispatch.ts';
import { grid } from '../grid.ts';

/** Invocations of a workgroup of kernels that need nothing of one another; a processor begins few large ones sooner. */
export const SIZE = 64;
const SOFTWARE_SIZE = 256;

/**
 * An entry point in which each of `count` threads runs `body` with its number as `i`, a u32. `body` may
 * return early.
 */
export function threads(
  adapter: Pick<AdapterFacts, 'workgroups_per_dimension' | 'software'>,
  count: number,
  body: string,
  size = adapter.software ? SOFTWARE_SIZE : SIZE,
): { readonly text: string; readonly workgroups: Workgroups } {
  const { workgroups, index } = grid(adapter, Math.ceil(count / size));
  const text = `
@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let i = ${index} * ${size}u + lane;
  if (i >= ${count}u) { return; }
  ${body}
}`;
  return { text, workgroups };
}

/** 4 where that divides all of these, else 1. */
export function vectorFor(...sizes: readonly number[]): 1 | 4 {
  return sizes.every((size) => size % 4 === 0) ? 4 : 1;
}
