import type { KernelCallOf, TensorId } from '../../../graph/lower/kernel-plan.ts';
import { sizeOf } from '../../../graph/sizes.ts';
import type { Dispatch, Kernel, KernelContext } from '../dispatch.ts';
import { grid } from '../grid.ts';
import { read, span, table, type Wanted } from '../wanted.ts';
import { f32 } from './literal.ts';

/** The tensors of one parameter, or a part of them. */
interface Segment {
  readonly p: TensorId;
  readonly m: TensorId;
  readonly v: TensorId;
  readonly g: TensorId;
  /** Elements, from the first of the part on. */
  readonly first: number;
  readonly size: number;
  readonly whole: boolean;
  readonly weight_decay: number;
}

const LANES = 64;
/** Words of the table for one chunk: where p, m, v and g begin, vectors, weight decay. */
const WORDS = 6;
/** Elements of a chunk, which is one workgroup's work; more where the table would get long. */
const CHUNK = 1024;
const LARGE_CHUNK = 8192;
const MANY = 8 << 20;

/**
 * All parameters in one dispatch: a table says where each chunk of each of them lies. In place, element by
 * element, with the formulas of ema, ema_square and adamw_update.
 */
export const adamw: Kernel<'adamw'> = (call, context) => {
  const segments = segmentsOf(call, context);
  return [...runsOf(segments, call, context)].map((run) => update(run, call, context));
};

function segmentsOf(call: KernelCallOf<'adamw'>, context: KernelContext): Segment[] {
  const { weight_decay, clipped, guarded } = call.attributes;
  const first = 3 + Number(clipped) + Number(guarded);
  return weight_decay.flatMap((decay, i) => {
    const [p = -1, m = -1, v = -1, g = -1] = call.inputs.slice(first + 4 * i, first + 4 * i + 4);
    const size = sizeOf(context.tensor(p).shape);
    return partsOf({ p, m, v, g, first: 0, size, whole: true, weight_decay: decay }, call, context);
  });
}

/** Elements: places and borders of buffers are multiples of them, so a part of so many lies in one buffer. */
const SMALLEST = 64;

/** Halves of what cannot be bound at once, and halves of these. */
function partsOf(segment: Segment, call: KernelCallOf<'adamw'>, context: KernelContext): Segment[] {
  const { first, size } = segment;
  if (size <= SMALLEST || context.fits(wantedBy([segment], call, new Uint32Array(0), 1))) return [segment];
  const half = Math.ceil(size / 2 / SMALLEST) * SMALLEST;
  return [
    { ...segment, size: half, whole: false },
    { ...segment, first: first + half, size: size - half, whole: false },
  ].flatMap((part) => partsOf(part, call, context));
}

function wantedBy(run: readonly Segment[], call: KernelCallOf<'adamw'>, numbers: Uint32Array, vector: 1 | 4) {
  const { clipped, guarded } = call.attributes;
  const [lr = -1, bias1 = -1, bias2 = -1] = call.inputs;
  const all = (name: 'p' | 'm' | 'v' | 'g'): Wanted => {
    const access = name === 'g' ? 'read' : 'write';
    const [one] = run;
    if (one === undefined || one.whole) {
      return span(
        run.map((segment) => segment[name]),
        access,
        vector,
      );
    }
    return { tensor: one[name], access, vector, part: { first: one.first, count: one.size } };
  };
  const wanted: Record<string, Wanted> = {
    p: all('p'),
    m: all('m'),
    v: all('v'),
    g: all('g'),
    lr: read(lr),
    bias1: read(bias1),
    bias2: read(bias2),
    chunks: table(numbers),
  };
  if (clipped) wanted.factor = read(call.inputs[3] as TensorId);
  if (guarded) wanted.finite = read(call.inputs[clipped ? 4 : 3] as TensorId);
  return wanted;
}

/** As few runs as can be bound, each of tensors that share their places. */
function* runsOf(
  segments: readonly Segment[],
  call: KernelCallOf<'adamw'>,
  context: KernelContext,
): Generator<readonly Segment[]> {
  const place = (id: TensorId) => context.tensor(id).place.in;
  const alike = (a: Segment, b: Segment) =>
    place(a.p) === place(b.p) &&
    place(a.m) === place(b.m) &&
    place(a.v) === place(b.v) &&
    place(a.g) === place(b.g);
  let run: Segment[] = [];
  for (const segment of segments) {
    const next = [...run, segment];
    const first = next[0] as Segment;
    if (
      run.length === 0 ||
      (first.whole &&
        segment.whole &&
        alike(first, segment) &&
        context.fits(wantedBy(next, call, new Uint32Array(0), 1)))
    ) {
      run = next;
      continue;
    }
    yield run;
    run = [segment];
  }
  if (run.length > 0) yield run;
}

function update(run: readonly Segment[], call: KernelCallOf<'adamw'>, context: KernelContext): Dispatch {
  const { beta1, beta2, epsilon, clipped, guarded } = call.attributes;
  const aligned = (id: TensorId) => context.tensor(id).offset % 4 === 0;
  const wide = run.every(
    ({ p, m, v, g, size }) => size % 4 === 0 && aligned(p) && aligned(m) && aligned(v) && aligned(g),
  );
  const vector = wide ? 4 : 1;
  const all = run.reduce((sum, { size }) => sum + size, 0);
  const chunk = all > MANY ? LARGE_CHUNK : CHUNK;
  const count = run.reduce((sum, { size }) => sum + Math.ceil(size / chunk), 0);
  // Where chunks lie in the bindings, only binding tells.
  const numbers = new Uint32Array(WORDS * count);
  const decays = new Float32Array(numbers.buffer);
  const { tensors, dispatch } = context.bind('adamw', wantedBy(run, call, numbers, vector));
  const [p, m, v, g] = ['p', 'm', 'v', 'g'].map((name) => tensors[name]);
  if (p === undefined || m === undefined || v === undefined || g === undefined) throw new RangeError('adamw');
  let at = 0;
  for (const [i, { size, weight_decay }] of run.entries()) {
    for (let from = 0; from < size; from += chunk) {
      for (const [w, one] of [p, m, v, g].entries())
        numbers[at + w] = (one.starts[i] as number) + from / vector;
      numbers[at + 4] = Math.min(chunk, size - from) / vector;
      decays[at + 5] = weight_decay;
      at += WORDS;
    }
  }
  const { workgroups, index } = grid(context.adapter, count);
  const word = (w: number) => tensors.chunks?.load(`${WORDS}u * chunk + ${w}u`);
  const factor = clipped ? ` * ${tensors.factor?.load('0u')}` : '';
  return dispatch(
    `
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let chunk = ${index};
  if (chunk >= ${count}u) { return; }${guarded ? `\n  if (${tensors.finite?.load('0u')} == 0.0) { return; }` : ''}
  let pi = ${word(0)}; let mi = ${word(1)}; let vi = ${word(2)}; let gi = ${word(3)};
  let size = ${word(4)};
  let lr = ${tensors.lr?.load('0u')};
  let keep = 1.0 - lr * bitcast<f32>(${word(5)});
  let bias1 = ${tensors.bias1?.load('0u')};
  let bias2 = ${tensors.bias2?.load('0u')};
  for (var i = lane; i < size; i += ${LANES}u) {
    let g = ${g.load('gi + i')}${factor};
    let m = ${f32(beta1)} * ${m.load('mi + i')} + ${f32(1 - beta1)} * g;
    let v = ${f32(beta2)} * ${v.load('vi + i')} + ${f32(1 - beta2)} * g * g;
    ${m.store('mi + i', 'm')}
    ${v.store('vi + i', 'v')}
    ${p.store('pi + i', `${p.load('pi + i')} * keep - lr * ((m / bias1) / (sqrt(v / bias2) + ${f32(epsilon)}))`)}
  }
}`,
    workgroups,
  );
}
