import { deviceErrors } from '../errors.ts';
import type { Program, StateSpec } from '../graph/ir.ts';
import { sizeOf } from '../graph/sizes.ts';

/** What every device checks alike of the state that a session holds. All throw ANN-DEV-004. */

export function statesByName(state: readonly StateSpec[]): ReadonlyMap<string, StateSpec> {
  const specs = new Map(state.map((spec) => [spec.name, spec]));
  if (specs.size !== state.length) throw deviceErrors.badFeed({ message: 'Two states have one name' });
  return specs;
}

export function stateIn<T>(states: ReadonlyMap<string, T>, name: string): T {
  const state = states.get(name);
  if (state !== undefined) return state;
  throw deviceErrors.badFeed({ message: `The session has no state ${name}`, where: name });
}

/** What is to be written must be as many numbers as the state has elements, and of its kind. */
export function checkWritten({ name, shape, dtype }: StateSpec, values: Float32Array | Int32Array): void {
  if (values.length !== sizeOf(shape)) {
    const message = `${name} has ${sizeOf(shape)} elements, ${values.length} were written`;
    throw deviceErrors.badFeed({ message, where: name });
  }
  if (values instanceof Int32Array !== (dtype === 'i32')) {
    throw deviceErrors.badFeed({ message: `${name} is ${dtype}`, where: name });
  }
}

/** A program may see a state in another shape, not in another size. */
export function checkStateSizes(program: Program, specs: ReadonlyMap<string, StateSpec>): void {
  for (const [name, id] of Object.entries(program.state)) {
    if (sizeOf(stateIn(specs, name).shape) === sizeOf(program.nodes[id]?.shape ?? [])) continue;
    const message = `Program ${program.name} expects another size of state ${name}`;
    throw deviceErrors.badFeed({ message, where: name });
  }
}
