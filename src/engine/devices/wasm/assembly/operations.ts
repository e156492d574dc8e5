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
export const TANH = 8;
export const SIGMOID = 9;
export const RELU = 10;
export const GELU = 11;
export const GELU_NEW = 12;
export const SILU = 13;
export const RELU_GRAD = 14;
export const GELU_GRAD = 15;
export const GELU_NEW_GRAD = 16;
export const SILU_GRAD = 17;
export const ADD = 18;
export const SUB = 19;
export const MUL = 20;
export const DIV = 21;
export const MAXIMUM = 22;
export const MINIMUM = 23;
export const GREATER = 24;
export const WHERE = 25;
export const AFFINE = 26;
export const EMA = 27;
export const EMA_SQUARE = 28;
export const ADAMW_UPDATE = 29;
export const DECAYED_UPDATE = 30;
export const CONSTANT = 31;
export const DROPOUT_MASK = 32;
