/**
 * The module. What it exports besides the first two lines are kernels, each
 * `(args: usize, unit: i32, thread: i32): void`: `args` is the address of the command's words, `unit` the
 * part to compute, `thread` the number of the computing thread, for its scratch memory.
 *
 * Adding a kernel: its file here with one line below, its file in ../encode/ with one line in
 * ../encode/table.ts (the compiler says when that line is missing). Commands name kernels by these
 * exports; their numbers are given when the module is loaded.
 */

export { fill, iota } from './fill';
export { heapBase } from './heap';
export { init, resume, run, serve } from './replay';
