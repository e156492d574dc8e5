import { EXPRESSION_BYTES, SCRATCH, SCRATCH_STRIDE } from './layout';

/** Of this instance, which is one thread's. */
let control: usize = 0;

export function setControl(address: usize): void {
  control = address;
}

/** The thread's slots for expressions: EXPRESSION_BYTES of them, 64-byte aligned. */
// @ts-ignore: decorator
@inline
export function expressionScratch(thread: i32): usize {
  return <usize>load<u32>(control, SCRATCH) + <usize>thread * <usize>load<u32>(control, SCRATCH_STRIDE);
}

/** Memory of a kernel's own for the time of one unit: as much as its encoder asked for, 64-byte aligned. */
// @ts-ignore: decorator
@inline
export function scratch(thread: i32): usize {
  return expressionScratch(thread) + EXPRESSION_BYTES;
}
