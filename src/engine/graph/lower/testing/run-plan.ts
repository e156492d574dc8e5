import type { Kernel, Numbers } from '../../../devices/reference/kernels/kernel.ts';
import { KERNELS } from '../../../devices/reference/kernels/table.ts';
import type { OpName } from '../../ir.ts';
import { roundToHalf } from '../../round-to-half.ts';
import { extentOf, sizeOf } from '../../sizes.ts';
import type { Expression } from '../expression.ts';
import type { KernelCall, KernelName, KernelPlan, PlanTensor } from '../kernel-plan.ts';
import { evaluate } from './evaluate.ts';

export type Values = Readonly<Record<string, ArrayLike<number>>>;

export interface PlanRun {
  readonly outputs: Record<string, Float64Array>;
  readonly state: Record<string, Float64Array>;
}

/**
 * Runs a plan in plain TypeScript, in float64: what devices are compared with. Everything goes through
 * one arena at the offsets that the plan gives, poisoned with NaN before the run, so that a place that is
 * used twice at once, read before it is written or written past its end shows as a wrong result. Halves are
 * rounded when they are stored. State starts as given, else as zeros.
 */
export function runPlan(plan: KernelPlan, feeds: Values, state: Values = {}): PlanRun {
  const arena = new ArenaModel(plan.arena_bytes);
  const held: Record<string, Float64Array> = {};
  for (const tensor of plan.tensors) {
    if (tensor.place.in !== 'state') continue;
    const { name, then = [] } = tensor.place;
    if (then.length > 0) {
      for (const one of [name, ...then]) held[one] ??= new Float64Array(state[one]?.length ?? 0);
      continue;
    }
    const size = Math.max(
      tensor.offset + extentOf(tensor),
      held[name]?.length ?? 0,
      state[name]?.length ?? 0,
    );
    held[name] = new Float64Array(size);
  }
  for (const name in held) held[name]?.set(state[name] ?? []);
  const memory: Memory = {
    load: (id) => {
      const tensor = plan.tensors[id] as PlanTensor;
      const { place, offset } = tensor;
      if (place.in === 'arena') return arena.load(tensor, place.offset);
      if (place.then !== undefined) return inARow(held, [place.name, ...place.then]);
      return elementsOf(tensor).map((at) => (held[place.name] as Float64Array)[offset + at] as number);
    },
    store: (id, values) => {
      const tensor = plan.tensors[id] as PlanTensor;
      const { place, offset } = tensor;
      if (place.in === 'arena') arena.store(tensor, place.offset, values);
      else {
        const state = held[place.name] as Float64Array;
        elementsOf(tensor).forEach((at, i) => {
          if (i < values.length) state[offset + at] = values[i] as number;
        });
      }
    },
  };
  for (const [name, id] of Object.entries(plan.inputs)) memory.store(id, feeds[name] ?? []);
  for (const call of plan.calls) runCall(plan, call, memory);
  const outputs: Record<string, Float64Array> = {};
  for (const [name, id] of Object.entries(plan.outputs)) outputs[name] = memory.load(id);
  return { outputs, state: held };
}

/** What is written through such a tensor is nowhere: no plan does it. */
function inARow(held: Readonly<Record<string, Float64Array>>, names: readonly string[]): Float64Array {
  return Float64Array.from(names.flatMap((name) => [...(held[name] ?? [])]));
}

/** Tensors with the gaps between their rows taken out. */
interface Memory {
  load(id: number): Float64Array;
  store(id: number, values: ArrayLike<number>): void;
}

/** Two places for a number of 4 bytes, which only agree if none of them was written over; one for a half. */
class ArenaModel {
  readonly #slots: Float64Array;

  constructor(bytes: number) {
    this.#slots = new Float64Array(bytes / 2).fill(Number.NaN);
  }

  load(tensor: PlanTensor, place: number): Float64Array {
    const { start, width } = this.#span(tensor, place);
    return elementsOf(tensor).map((element) => {
      const at = start + element * width;
      const value = this.#slots[at] as number;
      return Object.is(this.#slots[at + width - 1], value) ? value : Number.NaN;
    });
  }

  store(tensor: PlanTensor, place: number, values: ArrayLike<number>): void {
    const { start, width } = this.#span(tensor, place);
    elementsOf(tensor).forEach((element, i) => {
      if (i >= values.length) return;
      const at = start + element * width;
      const value = values[i] as number;
      this.#slots.fill(width === 1 ? roundToHalf(value) : value, at, at + width);
    });
  }

  #span(tensor: PlanTensor, place: number) {
    const width = tensor.dtype === 'f16' ? 1 : 2;
    const start = place / 2 + tensor.offset * width;
    if (start + extentOf(tensor) * width > this.#slots.length)
      throw new RangeError(`tensor ${tensor.id} reaches past the arena`);
    return { start, width };
  }
}

/** Where each element is, counted from the first. */
function elementsOf({ shape, row_stride }: PlanTensor): Float64Array {
  const width = shape[shape.length - 1] ?? 1;
  const places = new Float64Array(sizeOf(shape));
  for (let i = 0; i < places.length; i++) {
    places[i] = row_stride === null ? i : Math.floor(i / width) * row_stride + (i % width);
  }
  return places;
}

interface Site {
  readonly plan: KernelPlan;
  /** What is written into results is put where it belongs afterwards. */
  readonly inputs: readonly Numbers[];
  readonly outputs: readonly (Numbers | null)[];
  readonly shapes: readonly (readonly number[])[];
  readonly outShapes: readonly (readonly number[])[];
}

function runCall(plan: KernelPlan, call: KernelCall, memory: Memory): void {
  const tensor = (id: number): PlanTensor => plan.tensors[id] as PlanTensor;
  // Inputs are copied: a kernel of a device may read and write in any order within a call, as aliasing.ts allows.
  const inputs = call.inputs.map((id) =>
    call.kernel === 'copy' ? asItLies(memory.load(id), tensor(id)) : memory.load(id),
  );
  if (call.kernel === 'adamw') refuseOverlap(call, tensor);
  if (call.scratch !== null) memory.store(call.scratch, memory.load(call.scratch).fill(Number.NaN));
  const outputs = call.outputs.map((id) => (id === null ? null : memory.load(id)));
  if (call.kernel !== 'copy' && call.kernel !== 'cache_append' && call.kernel !== 'cache_write') {
    for (const output of outputs) output?.fill(Number.NaN);
  }
  const shapes = call.inputs.map((id) => tensor(id).shape);
  const outShapes = call.outputs.map((id) => (id === null ? [] : tensor(id).shape));
  const run = RUN[call.kernel] as (call: KernelCall, site: Site) => void;
  run(call, { plan, inputs, outputs, shapes, outShapes });
  call.outputs.forEach((id, i) => {
    if (id !== null) memory.store(id, outputs[i] as Numbers);
  });
}

/** With the gaps between rows, which a copy's strides count. */
function asItLies(values: Float64Array, tensor: PlanTensor): Float64Array {
  if (tensor.row_stride === null) return values;
  const places = elementsOf(tensor);
  const whole = new Float64Array(extentOf(tensor)).fill(Number.NaN);
  for (let i = 0; i < values.length; i++) whole[places[i] as number] = values[i] as number;
  return whole;
}

/** Segments are updated in any order: none may read, as a gradient or a number, what another one writes. */
function refuseOverlap(
  { inputs, attributes }: Extract<KernelCall, { kernel: 'adamw' }>,
  tensor: (id: number) => PlanTensor,
): void {
  const head = inputs.length - 4 * attributes.weight_decay.length;
  const isWritten = (_: number, i: number) => i >= head && (i - head) % 4 < 3;
  const nameOf = (id: number) => {
    const { place } = tensor(id);
    return place.in === 'state' ? [place.name] : [];
  };
  const written = new Set(inputs.filter(isWritten).flatMap(nameOf));
  for (const name of inputs.filter((id, i) => !isWritten(id, i)).flatMap(nameOf)) {
    if (written.has(name)) throw new RangeError(`an adamw call reads ${name}, which it writes over`);
  }
}

type RunKernel<K extends KernelName> = (call: Extract<KernelCall, { kernel: K }>, site: Site) => void;

/** As the op of the same name, or the one given, on the reference device. */
function asOp<K extends KernelName>(op: OpName, output = 0): RunKernel<K> {
  return (call, site) => {
    const out = site.outputs[output] as Numbers;
    reference(op, call.attributes, site.inputs, site.shapes, out, site.outShapes[output] ?? []);
  };
}

function reference(
  op: OpName,
  attributes: object,
  inputs: readonly Numbers[],
  shapes: readonly (readonly number[])[],
  out: Numbers,
  shape: readonly number[],
): void {
  const kernel = KERNELS[op as keyof typeof KERNELS] as Kernel<OpName>;
  kernel({ node: { op, attributes, shape } as never, inputs, shapes, out });
}

const RUN: { readonly [K in KernelName]: RunKernel<K> } = {
  elementwise: ({ attributes }, { inputs, shapes, outputs, outShapes }) => {
    const results = evaluate(attributes.expression, inputs, shapes, outShapes[0] ?? []);
    results.forEach((values, i) => void outputs[i]?.set(values));
  },
  matmul: ({ attributes, inputs: ids }, site) => {
    const { batch, m, n, k, transpose_a, transpose_b, shared_b, epilogue, sums } = attributes;
    const [a, b] = site.inputs as [Numbers, Numbers];
    const product = new Float64Array(batch * m * n);
    const shapeA = [batch, ...(transpose_a ? [k, m] : [m, k])];
    const shapeB = [...(shared_b ? [] : [batch]), ...(transpose_b ? [n, k] : [k, n])];
    reference('matmul', { transpose_a, transpose_b }, [a, b], [shapeA, shapeB], product, [batch, m, n]);
    const stored = epilogue ?? ({ operands: 1, steps: [], stores: [0] } satisfies Expression);
    const further = ids.slice(2).map((_, i) => i + 2);
    const operands = [product, ...further.map((i) => site.inputs[i] as Numbers)];
    const shapes = [[batch, m, n], ...further.map((i) => site.shapes[i] ?? [])];
    // Operands with an axis less than the batch are those of all rows.
    evaluate(
      stored,
      operands,
      shapes.map((shape) => rowsAsOne(shape, batch * m, n)),
      [batch * m, n],
    ).forEach((values, i) => void site.outputs[i]?.set(values));
    if (sums === null) return;
    const out = site.outputs[site.outputs.length - 1] as Numbers;
    out.set(sums === 'a' ? sumOver(a, m, k, transpose_a) : sumOver(b, n, k, !transpose_b));
  },
  reduce_sum: ({ attributes }, site) => reduce('reduce_sum', attributes, site),
  reduce_max: ({ attributes }, site) => reduce('reduce_max', attributes, site),
  sum_squares: (_call, { inputs, outputs }) => {
    let sum = 0;
    for (const values of inputs) for (const value of values) sum += value * value;
    (outputs[0] as Numbers)[0] = sum;
  },
  copy: ({ attributes }, { inputs, outputs }) => {
    const [from, to] = [inputs[0] as Numbers, outputs[0] as Numbers];
    const visit = (axis: number, source: number, target: number): void => {
      if (axis === attributes.extent.length) {
        to[target] = from[source] as number;
        return;
      }
      for (let i = 0; i < (attributes.extent[axis] as number); i++) {
        const [s, t] = [attributes.from_strides[axis] as number, attributes.to_strides[axis] as number];
        visit(axis + 1, source + i * s, target + i * t);
      }
    };
    visit(0, attributes.from_offset, attributes.to_offset);
  },
  fill: ({ attributes }, { outputs }) => void (outputs[0] as Numbers).fill(attributes.value),
  iota: asOp('iota'),
  embedding: asOp('embedding'),
  embedding_grad: asOp('embedding_grad'),
  layer_norm: asOp('layer_norm'),
  rms_norm: asOp('rms_norm'),
  layer_norm_grad: (call, site) => normGrad('layer_norm', call.attributes, site),
  rms_norm_grad: (call, site) => normGrad('rms_norm', call.attributes, site),
  softmax: asOp('softmax'),
  softmax_grad: asOp('softmax_grad'),
  causal_softmax: asOp('causal_softmax'),
  rotary: asOp('rotary'),
  cache_write: asOp('cache_write'),
  cross_entropy: ({ attributes }, { inputs, outputs, shapes }) => {
    const { rows } = attributes;
    const [losses, dlogits] = outputs;
    if (losses != null) reference('cross_entropy', attributes, inputs, shapes, losses, [rows]);
    if (dlogits == null) return;
    const [logits, labels, dloss] = inputs as [Numbers, Numbers, Numbers];
    const each = dloss.length === 1 ? new Float64Array(rows).fill(dloss[0] as number) : dloss;
    reference('cross_entropy_grad', attributes, [logits, labels, each], shapes, dlogits, shapes[0] ?? []);
  },
  attention: ({ attributes }, { inputs, outputs, shapes, outShapes }) => {
    const [out, lse] = outputs;
    if (out != null) reference('attention', attributes, inputs, shapes, out, outShapes[0] ?? []);
    if (lse != null) reference('attention_lse', attributes, inputs, shapes, lse, outShapes[1] ?? []);
  },
  attention_grad: ({ attributes }, { inputs, shapes, outputs, outShapes }) => {
    const [dqkv] = outputs as [Numbers];
    const { turned, heads, key_heads, head_size, time } = attributes;
    const [own, shape] = [turned === null ? inputs.length : inputs.length - 1, outShapes[0] ?? []];
    reference('attention_grad', attributes, inputs.slice(0, own), shapes.slice(0, own), dqkv, shape);
    if (turned === null) return;
    const rotation = { heads: heads + key_heads, head_size, theta: turned.theta, inverse: true, time };
    const operands = [dqkv.slice(), inputs[own] as Numbers];
    reference('rotary_heads', rotation, operands, [shape, shapes[own] ?? []], dqkv, shape);
  },
  rotary_heads: asOp('rotary_heads'),
  cache_append: asOp('cache_append'),
  cached_attention: asOp('cached_attention'),
  sample_token: asOp('sample_token'),
  adamw: ({ attributes }, { inputs, outputs }) => {
    const { beta1, beta2, epsilon, clipped, guarded, weight_decay } = attributes;
    const [lr, bias1, bias2] = inputs.map((values) => values[0] as number) as [number, number, number];
    const factor = clipped ? (inputs[3]?.[0] as number) : 1;
    const head = 3 + Number(clipped) + Number(guarded);
    const skipped = guarded && inputs[head - 1]?.[0] === 0;
    weight_decay.forEach((decay, segment) => {
      const at = head + 4 * segment;
      const [p, m, v, g] = [0, 1, 2, 3].map((i) => inputs[at + i]) as [Numbers, Numbers, Numbers, Numbers];
      const [p1, m1, v1] = [0, 1, 2].map((i) => outputs[3 * segment + i]) as [Numbers, Numbers, Numbers];
      for (let i = 0; i < p.length; i++) {
        if (skipped) {
          [p1[i], m1[i], v1[i]] = [p[i] as number, m[i] as number, v[i] as number];
          continue;
        }
        const slope = (g[i] as number) * factor;
        const first = beta1 * (m[i] as number) + (1 - beta1) * slope;
        const second = beta2 * (v[i] as number) + (1 - beta2) * slope * slope;
        m1[i] = first;
        v1[i] = second;
        p1[i] =
          (p[i] as number) * (1 - lr * decay) - (lr * first) / bias1 / (Math.sqrt(second / bias2) + epsilon);
      }
    });
  },
};

/** [..., m, n] as [rows, n] where it has them all; a vector or one number as it is. */
function rowsAsOne(shape: readonly number[], rows: number, n: number): readonly number[] {
  return sizeOf(shape) === rows * n ? [rows, n] : shape;
}

/** Sums over K of a matrix [rows, K], stored [K, rows] where `transposed`. */
function sumOver(x: Numbers, rows: number, k: number, transposed: boolean): Float64Array {
  const sums = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let i = 0; i < k; i++) sum += x[transposed ? i * rows + r : r * k + i] as number;
    sums[r] = sum;
  }
  return sums;
}

function reduce(
  op: 'reduce_sum' | 'reduce_max',
  { outer, size, inner }: { readonly outer: number; readonly size: number; readonly inner: number },
  { inputs, outputs }: Site,
): void {
  reference(op, { axes: [1], keep_dims: false }, inputs, [[outer, size, inner]], outputs[0] as Numbers, [
    outer,
    inner,
  ]);
}

function normGrad(
  norm: 'layer_norm' | 'rms_norm',
  attributes: { readonly rows: number; readonly width: number; readonly residual: boolean },
  { inputs, outputs }: Site,
): void {
  const [x, weight, dy, residual] = inputs as [Numbers, Numbers, Numbers, Numbers | undefined];
  const [dx, dweight, dbias] = outputs;
  const shape = [attributes.rows, attributes.width];
  if (dx != null) {
    reference(`${norm}_grad_x`, attributes, [x, weight, dy], [shape, shape.slice(1), shape], dx, shape);
    if (attributes.residual)
      for (let i = 0; i < dx.length; i++) dx[i] = (dx[i] as number) + (residual?.[i] as number);
  }
  if (dweight != null) {
    reference(`${norm}_grad_weight`, attributes, [x, dy], [shape, shape], dweight, shape.slice(1));
  }
  if (dbias != null) dbias.set(sumOver(dy, attributes.width, attributes.rows, true));
}
