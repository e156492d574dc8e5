import { EXPRESSION_VALUES, SCRATCH, SCRATCH_STRIDE, SLOTS } from './layout';

/** Of this instance, which is one thread's. */
let control: usize = 0;

export function setControl(address: usize): void {
  control = address;
}

/** Where the addresses of an expression's values are kept: EXPRESSION_VALUES of them. */
// @ts-ignore: decorator
@inline
export function expressionValues(thread: i32): usize {
  return <usize>load<u32>(control, SCRATCH) + <usize>thread * <usize>load<u32>(control, SCRATCH_STRIDE);
}

/** The slots for expressions, 64-byte aligned. */
// @ts-ignore: decorator
@inline
export function expressionSlots(thread: i32): usize {
  return expressionValues(thread) + <usize>load<u32>(control, SLOTS);
}

/** Memory of a kernel's own for the time of one unit: as much as its encoder asked for, 64-byte aligned. */
// @ts-ignore: decorator
@inline
export function scratch(thread: i32): usize {
  return expressionValues(thread) + EXPRESSION_VALUES * 4;
}
