/** Where free memory begins: after the module's constants. */
export function heapBase(): usize {
  return __heap_base;
}
