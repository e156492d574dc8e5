/** What products most often end with; AssemblyScript compiles this file, and TypeScript imports it. */

/** x = z */
export const PLAIN = 1;
/** x = z + o */
export const SUM = 2;
/** x = z o */
export const PRODUCT = 3;
/** x = z, y = z o */
export const PRODUCT_KEPT = 4;
/** x = z o, y = z p q */
export const PRODUCTS = 5;
/** x = f'(z), y = f(z) */
export const GELU = 6;
export const GELU_NEW = 7;
export const SILU = 8;
