import { SCRATCH, SCRATCH_STRIDE, SLOT_BYTES, VALUES } from './layout';

/** Of this instance, which is one thread's. */
let control: usize = 0;

export function setControl(address: usize): void {
  control = address;
}

/** Memory of a kernel's own for the time of one unit: as much as its encoder asked for, 64-byte aligned. */
@inline
export function scratch(thread: i32): usize {
  return <usize>load<u32>(control, SCRATCH) + <usize>thread * <usize>load<u32>(control, SCRATCH_STRIDE);
}

/** Where the addresses of an expression's values are kept. */
@inline
export function expressionValues(thread: i32): usize {
  return scratch(thread) + <usize>load<u32>(control, VALUES);
}

/** A slot of an expression whose values are kept there, 64-byte aligned. */
@inline
export function expressionSlot(values: usize, slot: i32): usize {
  return values - <usize>(slot + 1) * SLOT_BYTES;
}
