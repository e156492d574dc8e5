import { evaluate } from './evaluate';
import { at, int } from './words';

/** (expression, elements, elements of a unit) */
export function elementwise(args: usize, unit: i32, thread: i32): void {
  const size = int(args, 2);
  const begin = unit * size;
  evaluate(at(args, 0), begin, min(size, int(args, 1) - begin), 0, thread);
}
