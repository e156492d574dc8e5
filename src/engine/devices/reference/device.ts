import type { Device, Executable, Feeds, Outputs, Session } from '../../device.ts';
import type { Program, StateSpec } from '../../graph/ir.ts';
import { checkStateSizes, checkWritten, stateIn, statesByName } from '../states.ts';
import { checkFeeds } from './feeds.ts';
import type { Precision, Prepared } from './interpreter.ts';
import { allocate, emptyLike, execute, prepare } from './interpreter.ts';
import type { Numbers } from './kernels/kernel.ts';

/**
 * The oracle: every op in plain TypeScript, one after the other, sums in float64. What other devices
 * compute is compared with this.
 */
export function createReferenceDevice(options: { readonly precision?: Precision } = {}): Device {
  const precision = options.precision ?? 'f32';
  return {
    info: {
      name: 'reference',
      description:
        precision === 'f32' ? 'plain TypeScript, one thread' : 'plain TypeScript, float64, one thread',
      limits: { max_buffer_bytes: null, memory_bytes: null },
    },
    lost: new Promise(() => {}),
    open: async (state) => new ReferenceSession(state, precision),
    dispose: () => {},
  };
}

class ReferenceSession implements Session {
  readonly #precision: Precision;
  readonly #specs: ReadonlyMap<string, StateSpec>;
  readonly #state = new Map<string, Numbers>();
  /** One arena for all programs: they never run at the same time. */
  #arena = new ArrayBuffer(0);

  constructor(state: readonly StateSpec[], precision: Precision) {
    this.#precision = precision;
    this.#specs = statesByName(state);
    for (const spec of state) this.#state.set(spec.name, emptyLike(spec, precision));
  }

  async write(name: string, values: Float32Array | Int32Array): Promise<void> {
    const target = stateIn(this.#state, name);
    checkWritten(stateIn(this.#specs, name), values);
    target.set(values);
  }

  async read(name: string): Promise<Float32Array> {
    return Float32Array.from(stateIn(this.#state, name));
  }

  async compile(program: Program): Promise<Executable> {
    checkStateSizes(program, this.#specs);
    const prepared = prepare(program, this.#precision);
    if (prepared.arenaBytes > this.#arena.byteLength) this.#arena = allocate(prepared.arenaBytes);
    return { run: async (feeds) => this.#run(prepared, feeds), dispose: () => {} };
  }

  memoryBytes(): number {
    let bytes = this.#arena.byteLength;
    for (const values of this.#state.values()) bytes += values.byteLength;
    return bytes;
  }

  dispose(): void {
    this.#state.clear();
    this.#arena = new ArrayBuffer(0);
  }

  #run(prepared: Prepared, feeds: Feeds): Outputs {
    const checked = checkFeeds(prepared.program, feeds);
    const outputs = execute(prepared, this.#precision, this.#arena, checked, this.#state);
    const results: Record<string, Float32Array> = {};
    for (const [name, values] of outputs) {
      results[name] = values instanceof Float32Array ? values : Float32Array.from(values);
    }
    return results;
  }
}
