/**
 * Offsets in bytes of what JavaScript and the module both read, in one place: AssemblyScript compiles
 * this file, and TypeScript imports it.
 */

// --- the control block; what different threads write lies in different cache lines
/** i64: the address of the current command, and below it CLAIM_BASE + how many of its units are still free. */
export const CLAIM = 0;
/** i32: how many units of the current command are done. */
export const DONE = 64;
/** i32: counts up whenever a sleeping thread has a reason to look. */
export const EPOCH = 128;
/** i32: how many threads sleep, or are about to. */
export const SLEEPERS = 132;
/** i32: 1 when the last command of the list is done. */
export const FINISHED = 192;
/** i32: 1 when a thread has died; nobody waits for it. */
export const BROKEN = 196;
/** i32: 1 when helpers are to return. */
export const STOP = 200;
/** i32: where times of commands are written, as f64; 0 for nowhere. */
export const PROFILE = 256;
/** i32: scratch memory of thread 0, and how far that of the next thread is. */
export const SCRATCH = 260;
export const SCRATCH_STRIDE = 264;
/** i32: how many helpers have entered the loop. */
export const HELPERS = 268;
/** i32: how far into a thread's scratch the addresses of an expression's values are. */
export const VALUES = 272;
export const CONTROL_BYTES = 512;

/** Above all that threads may take in vain, so that the low word never borrows from the address. */
export const CLAIM_BASE = 0x40000000;

// --- a command: a header, then its arguments
/** Index in the module's table of functions; END_OF_LIST after the last command. */
export const COMMAND_KERNEL = 0;
export const COMMAND_UNITS = 4;
/** Bytes from this command to the next. */
export const COMMAND_SIZE = 8;
/** Position in the list. */
export const COMMAND_INDEX = 12;
export const COMMAND_ARGS = 16;
export const END_OF_LIST = -1;

// --- what `run` and `resume` return
export const RAN = 0;
/** Another thread has not finished its unit for WAIT_NANOSECONDS: see what became of it, then `resume`. */
export const WAITING = 1;
export const LOST = 2;
export const WAIT_NANOSECONDS = 100000000;

// --- an expression: a header, then its operands, steps and stores
/** Elements that go through all steps before the next ones do: few enough that all values stay in the L1 cache. */
export const EXPRESSION_BLOCK = 512;
/** A slot holds a block, and what vectors write beyond it. */
export const SLOT_BYTES = EXPRESSION_BLOCK * 4 + 64;
/** The most that an expression may need at a time; threads get as many as the calls that there are need. */
export const MOST_SLOTS = 500;
/**
 * The most values of an expression. A thread's scratch begins with what kernels ask for and ends with one i32
 * address for each value; slots lie below these, the first one last, so that each call uses what it needs of
 * the room between.
 */
export const EXPRESSION_VALUES = 2048;

/** Words: how many operands, steps, stores. */
export const HEADER_BYTES = 16;
/** Words: kind, address, slot, is it i32, rank, table of extents and strides. */
export const OPERAND_BYTES = 32;
/** Words: op, slot, the store that it may write to directly or -1, six arguments, two numbers, one more word. */
export const STEP_BYTES = 48;
/** Words: value, address, elements of a row, elements from row to row (0 where rows have no gap). */
export const STORE_BYTES = 16;

/** An operand with the output's own layout. */
export const SAME = 0;
/** One number. */
export const SCALAR = 1;
/** One i32, which the step itself reads. */
export const RAW = 2;
/** What `evaluate` is given. */
export const PRODUCT = 3;
/** By an extent and a stride for each axis. */
export const STRIDED = 4;
