/**
 * Numbers of the steps of expressions: `EncodeContext.expression` writes them, `evaluate` reads them. The
 * names are those of `ExpressionStep`, in capitals; TypeScript compares the two lists.
 */
export const NEG = 0;
export const EXP = 1;
export const LOG = 2;
export const SQRT = 3;
export const RSQRT = 4;
export const SQUARE = 5;
export const ABS = 6;
export const SIGN = 7;
export const IS_FINITE = 8;
export const TANH = 9;
export const SIGMOID = 10;
export const RELU = 11;
export const GELU = 12;
export const GELU_NEW = 13;
export const SILU = 14;
export const RELU_GRAD = 15;
export const GELU_GRAD = 16;
export const GELU_NEW_GRAD = 17;
export const SILU_GRAD = 18;
export const ADD = 19;
export const SUB = 20;
export const MUL = 21;
export const DIV = 22;
export const MAXIMUM = 23;
export const MINIMUM = 24;
export const GREATER = 25;
export const WHERE = 26;
export const AFFINE = 27;
export const EMA = 28;
export const EMA_SQUARE = 29;
export const ADAMW_UPDATE = 30;
export const DECAYED_UPDATE = 31;
export const CONSTANT = 32;
export const DROPOUT_MASK = 33;
export const GELU_SLOPE = 34;
export const GELU_NEW_SLOPE = 35;
export const SILU_SLOPE = 36;
