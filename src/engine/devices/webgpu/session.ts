import type { AnnealError } from '../../../base/error.ts';
import type { Session } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { Program, StateSpec } from '../../graph/ir.ts';
import type { KernelPlan } from '../../graph/lower/kernel-plan.ts';
import { lower } from '../../graph/lower/lower.ts';
import { type StateLayout, stateLayout } from '../../graph/lower/state-layout.ts';
import { sizeOf } from '../../graph/sizes.ts';
import { checkFeeds } from '../reference/feeds.ts';
import { checkStateSizes, checkWritten, stateIn, statesByName } from '../states.ts';
import { Turns } from '../turns.ts';
import { SpaceBuffers, USAGE } from './buffers.ts';
import { type Compiled, type ExecutableOwner, WebgpuExecutable } from './executable.ts';
import type { Gpu } from './gpu.ts';
import { generate, Recording } from './recording.ts';
import { scoped } from './scopes.ts';
import { piecesOf } from './spaces.ts';
import { type CompileTuned, tune } from './tune.ts';

/** Bytes that are read back at once. */
const READ_SLICE = 4 * 2 ** 20;

/** State in one space, and an arena that is as large as the largest program asks. */
export class WebgpuSession implements Session, ExecutableOwner {
  readonly gpu: Gpu;
  readonly layout: StateLayout;
  readonly #specs: ReadonlyMap<string, StateSpec>;
  readonly #executables = new Set<WebgpuExecutable>();
  readonly #closed: () => void;
  readonly #turns = new Turns();
  readonly #pending = new Set<(error: AnnealError) => void>();
  #spaces: { state: SpaceBuffers; arena: SpaceBuffers };
  #disposed = false;

  /** All state zero. Throws ANN-DEV-002, ANN-DEV-004 for names that are there twice. */
  static async open(gpu: Gpu, state: readonly StateSpec[], closed: (session: WebgpuSession) => void) {
    const specs = statesByName(state);
    const layout = stateLayout(state);
    const { device, facts } = gpu;
    const allocated = SpaceBuffers.allocate(device, facts, layout.total, 'the state');
    const space = await freedWhenLate(gpu.guard(allocated), allocated);
    return new WebgpuSession(gpu, specs, layout, { state: space, arena: SpaceBuffers.none(gpu) }, closed);
  }

  private constructor(
    gpu: Gpu,
    specs: ReadonlyMap<string, StateSpec>,
    layout: StateLayout,
    spaces: { state: SpaceBuffers; arena: SpaceBuffers },
    closed: (session: WebgpuSession) => void,
  ) {
    this.gpu = gpu;
    this.layout = layout;
    this.#specs = specs;
    this.#spaces = spaces;
    this.#closed = () => closed(this);
  }

  get spaces(): { readonly state: SpaceBuffers; readonly arena: SpaceBuffers } {
    return this.#spaces;
  }

  async write(name: string, values: Float32Array | Int32Array): Promise<void> {
    const spec = stateIn(this.#specs, name);
    checkWritten(spec, values);
    const bytes = Uint8Array.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    const { written } = await this.turn(() => ({
      written: scoped(this.gpu.device, `Writing ${name}`, () =>
        this.spaces.state.write(this.layout.offsets.get(name) ?? 0, bytes),
      ),
    }));
    await this.guard(written);
  }

  /** In slices, so that reading a large state takes little memory beside it. */
  async read(name: string): Promise<Float32Array> {
    const spec = stateIn(this.#specs, name);
    const bytes = new Uint8Array(sizeOf(spec.shape) * 4);
    const start = this.layout.offsets.get(name) ?? 0;
    await this.turn(async () => {
      const { device } = this.gpu;
      const size = Math.min(bytes.length, READ_SLICE);
      const usage = USAGE.mapRead | USAGE.copyTarget;
      const allocated = scoped(
        device,
        `Reading ${name}`,
        () => device.createBuffer({ label: name, size, usage }),
        (buffer) => buffer.destroy(),
      );
      const staging = await this.guard(allocated);
      try {
        for (let at = 0; at < bytes.length; at += size) {
          const part = Math.min(size, bytes.length - at);
          const copied = scoped(device, `Reading ${name}`, () => {
            const encoder = device.createCommandEncoder();
            this.spaces.state.copyOut(encoder, start + at, part, staging, 0);
            device.queue.submit([encoder.finish()]);
          });
          await this.guard(Promise.all([staging.mapAsync(1, 0, part), copied]));
          bytes.set(new Uint8Array(staging.getMappedRange(0, part)), at);
          staging.unmap();
        }
      } finally {
        staging.destroy();
      }
    });
    return spec.dtype === 'i32'
      ? Float32Array.from(new Int32Array(bytes.buffer))
      : new Float32Array(bytes.buffer);
  }

  async compile(program: Program): Promise<WebgpuExecutable> {
    checkStateSizes(program, this.#specs);
    const half = program.dtype === 'float16' && this.gpu.facts.half_storage;
    const plan = lower(program, { half, layout: this.layout });
    await this.#tune(plan);
    return this.compilePlan(plan, (feeds) => checkFeeds(program, feeds));
  }

  /** Once for each shape and adapter, in a session of its own that is gone afterwards. */
  #tune(plan: KernelPlan): Promise<void> {
    const { gpu } = this;
    const { tilings } = gpu;
    if (tilings === null) return Promise.resolve();
    return this.turn(async () => {
      const session = await WebgpuSession.open(gpu, [], () => {});
      try {
        const compile: CompileTuned = (one, tuned) => session.compilePlan(one, () => {}, tuned);
        const ended = () => gpu.gone !== null || this.#disposed;
        // What is noted when measuring is broken off is in use from then on: it is kept too.
        const kept = tune(gpu, plan, compile, ended).then(async (noted) => {
          if (Object.keys(noted).length > 0) await tilings.save(gpu.claimed, noted).catch(() => {});
        });
        await this.guard(kept);
      } finally {
        session.dispose();
      }
    });
  }

  /** Makes a plan runnable. `check` throws ANN-DEV-004 for feeds that do not fit the program it is of. */
  async compilePlan(
    plan: KernelPlan,
    check: Compiled['checkFeeds'] = () => {},
    tuned: ReadonlyMap<string, string> = this.gpu.tuned,
  ): Promise<WebgpuExecutable> {
    this.#usable();
    const batches = generate(plan, this.layout, { facts: this.gpu.facts, tuned });
    const pipelines = await this.guard(this.gpu.pipelines.all(batches.map(({ dispatch }) => dispatch)));
    return this.turn(async () => {
      await this.#grow(plan.arena_bytes);
      const recording = new Recording(this.gpu, batches, pipelines);
      const made = scoped(
        this.gpu.device,
        `Preparing ${plan.name}`,
        () => {
          const executable = new WebgpuExecutable(this, { plan, checkFeeds: check, batches, recording });
          // From now on it is freed with the session, whether or not this is waited for to the end.
          this.#executables.add(executable);
          return executable;
        },
        (executable) => executable.dispose(),
      );
      return this.guard(made);
    });
  }

  memoryBytes(): number {
    if (this.#disposed) return 0;
    let bytes = this.#spaces.state.bytes + this.#spaces.arena.bytes;
    for (const executable of this.#executables) bytes += executable.bytes;
    return bytes;
  }

  /**
   * Where a state lies on the GPU, for libraries that work on the same GPU device: those that take a buffer
   * from its beginning (tfjs, onnxruntime-web) can use the first state of a session as it is. Null where
   * the state reaches over several buffers. What programs write there is seen by later submits.
   */
  onGpu(name: string): GPUBufferBinding | null {
    const { shape } = stateIn(this.#specs, name);
    const start = this.layout.offsets.get(name) ?? 0;
    const pieces = piecesOf({ start, end: start + sizeOf(shape) * 4 }, this.gpu.facts);
    const [piece] = pieces;
    const buffer = piece && this.#spaces.state.buffers[piece.buffer];
    if (pieces.length !== 1 || !piece || !buffer) return null;
    return { buffer, offset: piece.offset, size: piece.bytes };
  }

  /** Fills the arena with a word, when what was submitted before is done: for tests. */
  fillArena(word: number): Promise<void> {
    return this.turn(() => {
      const { arena } = this.#spaces;
      if (arena.bytes === 0) return;
      arena.write(0, new Uint8Array(new Uint32Array(arena.bytes / 4).fill(word).buffer));
    });
  }

  /** What is under way is rejected, and everything is freed at once. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const reject of [...this.#pending]) reject(usedAfterDisposal());
    this.#pending.clear();
    for (const executable of [...this.#executables]) executable.dispose();
    this.#spaces.state.destroy();
    this.#spaces.arena.destroy();
    this.#closed();
  }

  // --- for executables

  turn<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#turns.take(() => {
      this.#usable();
      return work();
    });
  }

  guard<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      this.gpu
        .guard(work)
        .finally(() => this.#pending.delete(reject))
        .then(resolve, reject);
    });
  }

  forget(executable: WebgpuExecutable): void {
    this.#executables.delete(executable);
  }

  /** Nothing is kept in the arena from one run to the next, so a larger one simply takes its place. */
  async #grow(bytes: number): Promise<void> {
    if (bytes <= this.#spaces.arena.bytes) return;
    const before = this.#spaces.arena;
    before.destroy();
    this.#spaces = { ...this.#spaces, arena: SpaceBuffers.none(this.gpu) };
    try {
      await this.#allocateArena(bytes);
    } catch (error) {
      // The programs that fitted go on fitting.
      if (this.gpu.gone === null && !this.#disposed) await this.#allocateArena(before.bytes);
      throw error;
    }
  }

  async #allocateArena(bytes: number): Promise<void> {
    const { device, facts } = this.gpu;
    const allocated = SpaceBuffers.allocate(device, facts, bytes, 'the arena');
    const arena = await freedWhenLate(this.guard(allocated), allocated);
    if (this.#disposed) {
      arena.destroy();
      throw usedAfterDisposal();
    }
    this.#spaces = { ...this.#spaces, arena };
  }

  #usable(): void {
    if (this.gpu.gone !== null) throw this.gpu.gone;
    if (this.#disposed) throw usedAfterDisposal();
  }
}

/** As `waited` ends; where it ends before what it waited for is there, that is freed when it comes. */
async function freedWhenLate(
  waited: Promise<SpaceBuffers>,
  allocated: Promise<SpaceBuffers>,
): Promise<SpaceBuffers> {
  try {
    return await waited;
  } catch (error) {
    allocated.then(
      (late) => late.destroy(),
      () => {},
    );
    throw error;
  }
}

function usedAfterDisposal(): AnnealError {
  return deviceErrors.failed({ message: 'A session was used after it was disposed' });
}
