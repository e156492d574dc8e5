import { CONSTANT } from './operations';
import { applyStep } from './steps';
import {
  EXPRESSION_BLOCK, HEADER_BYTES, OPERAND_BYTES, PRODUCT, RAW, SAME, SCALAR,
  STEP_BYTES, STORE_BYTES, STRIDED,
} from './layout';
import { expressionSlot, expressionValues } from './scratch';
import { at, float, int } from './words';

/**
 * Elements `start` to `start + count` of an expression's stores, counted row-major in the shape of the
 * call's first output (row strides are looked after here). `expr` is what `EncodeContext.expression`
 * returned; `product` holds `count` floats that are operand null, or is 0 where there is none. It may be
 * the very place where an output goes. Reads up to 3 floats beyond operands and product. Fastest when
 * `count` is a multiple of EXPRESSION_BLOCK, or starts and ends with a row.
 *
 * Block by block, each step a loop over the block: what an interpreter costs is paid once in
 * EXPRESSION_BLOCK elements, and intermediate values never leave the L1 cache.
 */
export function evaluate(expr: usize, start: i32, count: i32, product: usize, thread: i32): void {
  const values = expressionValues(thread);
  const operands = int(expr, 0);
  const steps = int(expr, 1);
  const stores = int(expr, 2);
  const operandList = expr + HEADER_BYTES;
  const stepList = operandList + <usize>operands * OPERAND_BYTES;
  const storeList = stepList + <usize>steps * STEP_BYTES;

  once(operandList, operands, stepList, steps, values, min(count, EXPRESSION_BLOCK));
  for (let done = 0; done < count; done += EXPRESSION_BLOCK) {
    const n = min(EXPRESSION_BLOCK, count - done);
    const first = start + done;
    for (let v = 0; v < operands; v++) {
      const operand = operandList + <usize>v * OPERAND_BYTES;
      const kind = int(operand, 0);
      if (kind == SCALAR || kind == RAW) continue;
      let pointer: usize;
      if (kind == SAME) pointer = at(operand, 1) + (<usize>first << 2);
      else if (kind == PRODUCT) pointer = product + (<usize>done << 2);
      else pointer = gather(operand, first, n, expressionSlot(values, int(operand, 2)));
      if (int(operand, 3)) pointer = converted(pointer, n, expressionSlot(values, int(operand, 2)));
      set(values, v, pointer);
    }
    const bytes = (<usize>(n + 3) & ~3) << 2;
    for (let s = 0; s < steps; s++) {
      const step = stepList + <usize>s * STEP_BYTES;
      if (int(step, 0) == CONSTANT) continue;
      let to = expressionSlot(values, int(step, 1));
      const store = int(step, 2);
      if (store >= 0) {
        const direct = target(storeList + <usize>store * STORE_BYTES, first, n);
        if (direct != 0) to = direct;
      }
      set(values, operands + s, to);
      applyStep(step, to, bytes, values, first);
    }
    for (let s = 0; s < stores; s++) {
      const store = storeList + <usize>s * STORE_BYTES;
      put(store, first, n, at(values, int(store, 0)));
    }
  }
}

@inline
function set(values: usize, v: i32, pointer: usize): void {
  store<u32>(values + (<usize>v << 2), <u32>pointer);
}

/** What is the same for all blocks: numbers, spread over a slot. */
function once(
  operandList: usize, operands: i32, stepList: usize, steps: i32, values: usize, n: i32,
): void {
  for (let v = 0; v < operands; v++) {
    const operand = operandList + <usize>v * OPERAND_BYTES;
    const kind = int(operand, 0);
    if (kind == RAW) set(values, v, at(operand, 1));
    if (kind != SCALAR) continue;
    const slot = expressionSlot(values, int(operand, 2));
    const from = at(operand, 1);
    spread(slot, int(operand, 3) ? <f32>load<i32>(from) : load<f32>(from), n);
    set(values, v, slot);
  }
  for (let s = 0; s < steps; s++) {
    const step = stepList + <usize>s * STEP_BYTES;
    if (int(step, 0) != CONSTANT) continue;
    const slot = expressionSlot(values, int(step, 1));
    spread(slot, float(step, 9), n);
    set(values, operands + s, slot);
  }
}

/** n floats, and up to 3 more. */
function spread(to: usize, value: f32, n: i32): void {
  const all = f32x4.splat(value);
  for (let i = 0; i < n; i += 4) v128.store(to + (<usize>i << 2), all);
}

function converted(from: usize, n: i32, to: usize): usize {
  for (let i = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    v128.store(to + o, f32x4.convert_i32x4_s(v128.load(from + o)));
  }
  return to;
}

/**
 * The block of an operand with its own strides: where it lies, if it is in one piece there, else a copy.
 * The table has an extent and a stride in bytes for each axis, outermost first.
 */
function gather(operand: usize, first: i32, n: i32, slot: usize): usize {
  const rank = int(operand, 4);
  const table = at(operand, 5);
  const width = int(table, (rank - 1) * 2);
  const stride = at(table, (rank - 1) * 2 + 1);
  let row = first / width;
  let column = first - row * width;
  let filled = 0;
  while (true) {
    let from = at(operand, 1) + <usize>column * stride;
    let rest = row;
    for (let axis = rank - 2; axis >= 0 && rest > 0; axis--) {
      const extent = int(table, axis * 2);
      const outer = axis > 0 ? rest / extent : 0;
      from += <usize>(rest - outer * extent) * at(table, axis * 2 + 1);
      rest = outer;
    }
    const run = min(width - column, n - filled);
    if (stride == 4 && run == n) return from;
    const to = slot + (<usize>filled << 2);
    // Vectors may write past the run: what comes next is written later.
    if (stride == 4) {
      for (let i = 0; i < run; i += 4) v128.store(to + (<usize>i << 2), v128.load(from + (<usize>i << 2)));
    } else if (stride == 0) {
      const value = v128.load32_splat(from);
      for (let i = 0; i < run; i += 4) v128.store(to + (<usize>i << 2), value);
    } else {
      for (let i = 0; i < run; i++) store<u32>(to + (<usize>i << 2), load<u32>(from + <usize>i * stride));
    }
    filled += run;
    if (filled >= n) return slot;
    row++;
    column = 0;
  }
}

/** Where a step may write its block at once; 0 where it must not: vectors would write past its end. */
function target(store: usize, first: i32, n: i32): usize {
  if (n & 3) return 0;
  const stride = int(store, 3);
  if (stride == 0) return at(store, 1) + (<usize>first << 2);
  const width = int(store, 2);
  const row = first / width;
  const column = first - row * width;
  return column + n <= width ? at(store, 1) + (<usize>(<u32>row * <u32>stride + <u32>column) << 2) : 0;
}

function put(store: usize, first: i32, n: i32, from: usize): void {
  const to = at(store, 1);
  const stride = int(store, 3);
  if (stride == 0) {
    copy(to + (<usize>first << 2), from, n);
    return;
  }
  const width = int(store, 2);
  let row = first / width;
  let column = first - row * width;
  for (let done = 0; done < n; ) {
    const run = min(width - column, n - done);
    copy(to + (<usize>(<u32>row * <u32>stride + <u32>column) << 2), from + (<usize>done << 2), run);
    done += run;
    row++;
    column = 0;
  }
}

function copy(to: usize, from: usize, n: i32): void {
  if (to == from) return;
  let i = 0;
  for (; i + 4 <= n; i += 4) v128.store(to + (<usize>i << 2), v128.load(from + (<usize>i << 2)));
  for (; i < n; i++) store<u32>(to + (<usize>i << 2), load<u32>(from + (<usize>i << 2)));
}
