import type { Prepared } from '../../devices/reference/interpreter.ts';
import { allocate, emptyLike, execute, prepare } from '../../devices/reference/interpreter.ts';
import type { Numbers } from '../../devices/reference/kernels/kernel.ts';
import type { Node, Program } from '../ir.ts';

export type Values = Readonly<Record<string, readonly number[] | Float64Array | Int32Array>>;

/** Runs programs on the reference kernels in float64, state starting from what is given, else zeros. */
export function run64(program: Program, feeds: Values, state: Values = {}): Record<string, Float64Array> {
  return runner64(program)(feeds, state).outputs;
}

export interface Run {
  readonly outputs: Record<string, Float64Array>;
  readonly state: Record<string, Float64Array>;
}

/** As `run64`, planned once; `prepared` replaces the plan of the program's own. */
export function runner64(program: Program, prepared: Prepared = prepare(program, 'f64')) {
  const arena = allocate(prepared.arenaBytes);
  return (feeds: Values, state: Values = {}): Run => {
    const fed = new Map<string, Numbers>();
    for (const [name, id] of Object.entries(program.inputs)) {
      fed.set(name, filled(program.nodes[id] as Node, feeds[name] ?? []));
    }
    const held = new Map<string, Numbers>();
    for (const [name, id] of Object.entries(program.state)) {
      held.set(name, filled(program.nodes[id] as Node, state[name] ?? []));
    }
    const outputs = execute(prepared, 'f64', arena, fed, held);
    return { outputs: asRecord(outputs), state: asRecord(held) };
  };
}

function filled(node: Node, values: Values[string]): Numbers {
  const array = emptyLike(node, 'f64');
  array.set(values);
  return array;
}

function asRecord(values: ReadonlyMap<string, Numbers>): Record<string, Float64Array> {
  return Object.fromEntries([...values].map(([name, array]) => [name, Float64Array.from(array)]));
}
