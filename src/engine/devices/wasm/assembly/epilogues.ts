/** What products most often end with; AssemblyScript compiles this file, and TypeScript imports it. */

/** x = z */
export const PLAIN = 1;
/** x = z + o */
export const SUM = 2;
/** x = z, y = z o */
export const PRODUCT_KEPT = 3;
/** x = z, y = f(z) */
export const GELU_KEPT = 4;
export const GELU_NEW_KEPT = 5;
export const SILU_KEPT = 6;
/** x = z f'(o) */
export const GELU_GRAD = 7;
export const GELU_NEW_GRAD = 8;
export const SILU_GRAD = 9;
