import { deviceErrors } from '../../../errors.ts';
import type { KernelCall, KernelPlan, PlanTensor, TensorId } from '../../../graph/lower/kernel-plan.ts';
import { extentOf } from '../../../graph/sizes.ts';
import { COMMAND_ARGS, END_OF_LIST, SLOT_BYTES } from '../assembly/layout.ts';
import type { Command, Encode, EncodeContext } from '../command.ts';
import type { ScratchNeed } from '../machine.ts';
import { encodeExpression } from './expression.ts';
import { ENCODERS } from './table.ts';

/** Where a plan's tensors are: bytes. */
export interface Places {
  readonly arena: number;
  state(name: string): number;
}

/** A plan as the threads read it. */
export interface Encoded {
  readonly words: Int32Array;
  /** Where the list begins, in bytes from the first word; tables come before it. */
  readonly list: number;
  readonly scratch: ScratchNeed;
  /** For each command, the call that it belongs to. */
  readonly calls: readonly number[];
}

/**
 * Encodes a plan for memory from `base` on. Its length does not depend on where anything lies, so that it
 * can be encoded once to know the length and again in its place.
 */
export function encodePlan(
  plan: KernelPlan,
  places: Places,
  base: number,
  numbers: ReadonlyMap<string, number>,
): Encoded {
  const context = new PlanContext(plan, places, base);
  const calls: number[] = [];
  const list: number[] = [];
  for (const [i, call] of plan.calls.entries()) {
    const commands = commandsOf(call, context);
    context.ended();
    for (const { kernel, args, units } of commands) {
      const number = numbers.get(kernel);
      if (number === undefined) throw deviceErrors.failed({ message: `The module has no kernel ${kernel}` });
      // Threads would wait for the last of no units without end.
      if (units === 0) continue;
      if (!(units > 0)) throw deviceErrors.failed({ message: `${kernel} is cut into ${units} units` });
      list.push(number, units, COMMAND_ARGS + args.length * 4, calls.length, ...args);
      calls.push(i);
    }
  }
  list.push(END_OF_LIST, 0, 0, 0);
  const { tables, scratch } = context;
  const words = Int32Array.from([...tables, ...list]);
  return { words, list: tables.length * 4, scratch, calls };
}

function commandsOf(call: KernelCall, context: EncodeContext): readonly Command[] {
  const encode = ENCODERS[call.kernel] as Encode<typeof call.kernel>;
  return encode(call as never, context);
}

class PlanContext implements EncodeContext {
  readonly tables: number[] = [];
  scratch: ScratchNeed = { bytes: 0, values: 0 };
  /** Of the call that is being encoded. */
  #bytes = 0;
  #slots = 0;
  readonly #plan: KernelPlan;
  readonly #places: Places;
  readonly #base: number;
  readonly #memo = new Map<string, number>();

  constructor(plan: KernelPlan, places: Places, base: number) {
    this.#plan = plan;
    this.#places = places;
    this.#base = base;
  }

  tensor(id: TensorId): PlanTensor {
    return this.#plan.tensors[id] as PlanTensor;
  }

  // A property, so that encoders can take it out of the context.
  readonly address = (id: TensorId | null | undefined): number =>
    id === null || id === undefined ? 0 : this.range(id)[0];

  range(id: TensorId): readonly [start: number, end: number] {
    const tensor = this.tensor(id);
    const { place, offset } = tensor;
    const base = place.in === 'state' ? this.#places.state(place.name) : this.#places.arena + place.offset;
    const start = base + offset * 4;
    return [start, start + extentOf(tensor) * 4];
  }

  table(words: readonly number[]): number {
    const address = this.#base + this.tables.length * 4;
    this.tables.push(...words);
    return address;
  }

  shared(key: string, make: () => number): { readonly address: number; readonly made: boolean } {
    const known = this.#memo.get(key);
    if (known !== undefined) return { address: known, made: false };
    const address = make();
    this.#memo.set(key, address);
    return { address, made: true };
  }

  threadScratch(bytes: number): void {
    this.#bytes = Math.max(this.#bytes, Math.ceil(bytes / 64) * 64);
  }

  expressionNeeds(slots: number, values: number): void {
    this.#slots = Math.max(this.#slots, slots);
    this.scratch = { bytes: this.scratch.bytes, values: Math.max(this.scratch.values, values) };
  }

  /** Of a call: the next one may use the same scratch. */
  ended(): void {
    const bytes = this.#bytes + this.#slots * SLOT_BYTES;
    this.scratch = { bytes: Math.max(this.scratch.bytes, bytes), values: this.scratch.values };
    this.#bytes = 0;
    this.#slots = 0;
  }

  expression(...[expression, operands, outputs]: Parameters<EncodeContext['expression']>): number {
    return this.table(encodeExpression(expression, operands, outputs, this));
  }
}
