import type { TensorInfo } from '@tensorflow/tfjs-core';
import { AnnealError } from '../../../base/error.ts';
import type { Executable, Feeds, Outputs } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { Node, NodeId, NodeOf } from '../../graph/ir.ts';
import { sizeOf } from '../../graph/sizes.ts';
import { checkFeeds } from '../reference/feeds.ts';
import { explain, readBack, share, type TfjsBackend } from './backend.ts';
import type { Inputs, Kernel, TfjsOp } from './kernel.ts';
import { nodeAt, type Plan, type Step } from './plan.ts';
import { RunScope, type Scalars } from './scope.ts';

/** What an executable needs of the session that compiled it: its state, and its turn. */
export interface ExecutableOwner {
  readonly device: TfjsBackend;
  readonly scalars: Scalars;
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  whenIdle(work: () => void): void;
  tensor(name: string): TensorInfo;
  replace(name: string, tensor: TensorInfo): void;
  upload(values: Float32Array | Int32Array, shape: readonly number[]): TensorInfo;
  free(tensor: TensorInfo): void;
  /** Keeps the tally of bytes held. */
  count(bytes: number): void;
  forget(executable: TfjsExecutable): void;
}

/**
 * Runs a planned program: each tensor is freed after its last use, outputs are read back, and only then
 * do the updates replace the state, all at once. Until then the old state is whole.
 */
export class TfjsExecutable implements Executable {
  readonly #session: ExecutableOwner;
  readonly #plan: Plan;
  readonly #constants = new Map<NodeId, { tensor: TensorInfo; values: Float32Array | Int32Array }>();
  #disposed = false;

  constructor(session: ExecutableOwner, plan: Plan) {
    this.#session = session;
    this.#plan = plan;
    for (const { node } of plan.steps) {
      const values = fixedValues(node);
      if (values === null) continue;
      this.#constants.set(node.id, { tensor: session.upload(values, node.shape), values });
    }
  }

  run(feeds: Feeds): Promise<Outputs> {
    return this.#session.exclusively(() => this.#run(feeds));
  }

  async #run(feeds: Feeds): Promise<Outputs> {
    if (this.#disposed) throw deviceErrors.failed({ message: 'A program was run after it was disposed' });
    const { program, asked } = this.#plan;
    const checked = checkFeeds(asked, feeds);
    const fed = new Map<NodeId, Float32Array | Int32Array>();
    for (const { node } of this.#plan.steps) {
      if (node.op !== 'input') continue;
      const given = checked.get(node.attributes.name) ?? [];
      fed.set(node.id, node.dtype === 'i32' ? Int32Array.from(given) : Float32Array.from(given));
    }
    const device = this.#session.device;
    const scope = new RunScope(device, this.#session.scalars);
    const values: (TensorInfo | undefined)[] = [];
    const owned = new Set<NodeId>();
    const problem = device.watch();
    const reads: Promise<Float32Array>[] = [];
    const names = Object.keys(program.outputs);
    let thrown: AnnealError | null = null;
    try {
      for (const step of this.#plan.steps) this.#compute(step, scope, values, owned, fed);
      for (const name of names) reads.push(readBack(device.backend, held(values, program.outputs[name])));
    } catch (error) {
      thrown = error instanceof AnnealError ? error : explain(error);
    }
    const [seen, settled] = await Promise.all([problem(), Promise.allSettled(reads)]);
    thrown ??= seen;
    const outputs: Record<string, Float32Array> = {};
    for (const [i, read] of settled.entries()) {
      if (read.status === 'rejected') thrown ??= explain(read.reason);
      else outputs[names[i] ?? ''] = read.value;
    }
    if (thrown === null) this.#commit(values);
    for (const id of owned) this.#free(values, id);
    scope.end();
    if (thrown !== null) {
      device.trim();
      throw thrown;
    }
    return this.#plan.finish(outputs);
  }

  #compute(
    { node, dead }: Step,
    scope: RunScope,
    values: (TensorInfo | undefined)[],
    owned: Set<NodeId>,
    fed: ReadonlyMap<NodeId, Float32Array | Int32Array>,
  ): void {
    if (node.op === 'state') {
      values[node.id] = this.#session.tensor(node.attributes.name);
    } else if (node.op === 'constant' || node.op === 'iota') {
      const constant = this.#constants.get(node.id);
      if (constant?.values instanceof Int32Array) scope.remember(constant.tensor, constant.values);
      values[node.id] = constant?.tensor;
    } else {
      if (node.op === 'input') {
        const given = fed.get(node.id) ?? new Float32Array(0);
        const tensor = this.#session.device.upload(given, node.shape);
        if (given instanceof Int32Array) scope.remember(tensor, given);
        values[node.id] = tensor;
      } else {
        const inputs: Inputs = node.inputs.map((id) => held(values, id));
        // The table is typed by op; that this entry is the node's own, and that the plan has no other ops,
        // is what TypeScript cannot follow.
        const kernel = this.#session.device.kernels[node.op as TfjsOp] as Kernel<TfjsOp>;
        const result = kernel(scope, node as NodeOf<TfjsOp>, inputs);
        scope.settle(result);
        values[node.id] = { dataId: result.dataId, dtype: result.dtype, shape: [...node.shape] };
      }
      owned.add(node.id);
      this.#session.count(sizeOf(node.shape) * 4);
    }
    for (const id of dead) if (owned.delete(id)) this.#free(values, id);
  }

  #commit(values: readonly (TensorInfo | undefined)[]): void {
    const { program } = this.#plan;
    const next = Object.entries(program.updates).map(([name, id]) => {
      return [name, share(this.#session.device.backend, held(values, id))] as const;
    });
    for (const [name, tensor] of next) this.#session.replace(name, tensor);
  }

  #free(values: (TensorInfo | undefined)[], id: NodeId): void {
    this.#session.device.backend.disposeData(held(values, id).dataId);
    this.#session.count(-sizeOf(nodeAt(this.#plan.program, id).shape) * 4);
    values[id] = undefined;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#session.whenIdle(() => this.release());
  }

  /** Frees what it holds, now. Called by its session when no run is under way. */
  release(): void {
    this.#disposed = true;
    this.#session.forget(this);
    for (const { tensor } of this.#constants.values()) this.#session.free(tensor);
    this.#constants.clear();
  }
}

/** What a node holds that is the same in every run; null where it is not. */
function fixedValues(node: Node): Float32Array | Int32Array | null {
  if (node.op === 'iota') return Int32Array.from({ length: sizeOf(node.shape) }, (_, i) => i);
  if (node.op !== 'constant') return null;
  const size = sizeOf(node.shape);
  const values = node.dtype === 'i32' ? new Int32Array(size) : new Float32Array(size);
  return values.fill(node.attributes.value);
}

function held(values: readonly (TensorInfo | undefined)[], id: NodeId | undefined): TensorInfo {
  const tensor = id === undefined ? undefined : values[id];
  if (tensor === undefined)
    throw deviceErrors.failed({ message: `Node ${id} was used before it was computed` });
  return tensor;
}
