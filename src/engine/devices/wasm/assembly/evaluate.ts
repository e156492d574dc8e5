/**
 * Elements `start` to `start + count` of an expression's stores, counted row-major in the shape of the
 * call's first output (row strides are looked after here). `expr` is what `EncodeContext.expression`
 * returned; `product` holds `count` floats that are operand null, or is 0 where there is none. It may be
 * the very place where an output goes. Reads up to 3 floats beyond operands and product. Fastest when
 * `count` is a multiple of EXPRESSION_BLOCK, or starts and ends with a row.
 */
export function evaluate(expr: usize, start: i32, count: i32, product: usize, thread: i32): void {}
