import type { WebGPUBackend, WebGPUProgram } from '@tensorflow/tfjs-backend-webgpu';
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../../graph/sizes.ts';
import type { OpContext } from '../kernel.ts';

/** A number that a program reads as `uniforms.name`. Sizes are uniforms, so that one shader serves all. */
export interface Uniform {
  readonly name: string;
  readonly type: 'i32' | 'u32' | 'f32';
  readonly value: number;
}

export interface Wgsl {
  /** Unique for the code: pipelines are cached by it. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly uniforms?: readonly Uniform[];
  readonly shape: readonly number[];
  readonly dtype?: DataType;
  /** Threads in all, or groups of `GROUP` threads. */
  readonly threads?: number;
  readonly groups?: number;
  /** Elements in an entry of every array, inputs and `result`: 4 makes them vec4. */
  readonly width?: 1 | 4;
  /** Functions and workgroup variables. */
  readonly prelude?: string;
  /**
   * The body of `main(index : i32)`, where index counts threads. Not all of them are wanted: compare with
   * uniforms. Inputs are arrays by name, the output is `result`.
   */
  readonly body: string;
}

/** Threads in a workgroup. */
export const GROUP = 64;

const TYPES = { i32: 'int32', u32: 'uint32', f32: 'float32' } as const;

/**
 * Runs a WGSL program through tfjs, with every buffer flat: tfjs's generated coordinates are for shapes
 * up to rank 6 and would compile a pipeline for each rank.
 */
export function runWgsl(backend: WebGPUBackend, o: OpContext, wgsl: Wgsl): TensorInfo {
  const size = sizeOf(wgsl.shape);
  const uniforms = wgsl.uniforms ?? [];
  const names = Object.keys(wgsl.inputs);
  const groups = wgsl.groups ?? Math.ceil((wgsl.threads ?? size) / GROUP);
  const program: WebGPUProgram = {
    variableNames: names,
    variableComponents: names.map(() => wgsl.width ?? 1),
    outputComponent: wgsl.width ?? 1,
    outputShape: [size],
    workgroupSize: [GROUP, 1, 1],
    dispatchLayout: { x: [0] },
    dispatch: [groups, 1, 1],
    uniforms: uniforms.map(({ name, type }) => `${name} : ${type},`).join(' '),
    shaderKey: `anneal_${wgsl.name}`,
    getUserCode: () => `
${wgsl.prelude ?? ''}
fn main(index : i32) {
${wgsl.body}
}`,
  };
  const flat = names.map((name) => {
    const tensor = wgsl.inputs[name] as TensorInfo;
    return { dataId: tensor.dataId, dtype: tensor.dtype, shape: [sizeOf(tensor.shape)] };
  });
  const values = uniforms.map(({ type, value }) => ({ type: TYPES[type], data: [value] }));
  const result = backend.runWebGPUProgram(program, flat, wgsl.dtype ?? 'float32', values);
  return o.own({ dataId: result.dataId, dtype: result.dtype, shape: [...wgsl.shape] });
}

export function int(name: string, value: number): Uniform {
  return { name, type: 'i32', value };
}

export function float(name: string, value: number): Uniform {
  return { name, type: 'f32', value };
}

/**
 * Threads that share a row of so many columns: a power of two, four elements or more for each. One on an
 * emulated GPU, where threads of a row run one after the other anyway and wait for each other at barriers.
 */
export function lanesFor(columns: number, emulated: boolean): number {
  let lanes = 1;
  while (!emulated && lanes < GROUP && lanes * 4 < columns) lanes *= 2;
  return lanes;
}

/**
 * Sums and maxima over `lanes` neighbouring threads, by a tree: the same order on every run. All threads
 * of the workgroup must call them, so a program computes rows past the last again and does not store them.
 */
export function reductions(lanes: number): string {
  const reduce = (name: string, join: (a: string, b: string) => string) => `
fn ${name}(value : f32) -> f32 {
  ${lanes === 1 ? 'return value;' : ''}
  ${lanes > 1 ? tree(lanes, join('partial[localIndex]', 'partial[localIndex + s]')) : ''}
}`;
  return `
${lanes > 1 ? `var<workgroup> partial : array<f32, ${GROUP}>;` : ''}
${reduce('rowSum', (a, b) => `${a} + ${b}`)}
${reduce('rowMax', (a, b) => `max(${a}, ${b})`)}`;
}

function tree(lanes: number, joined: string): string {
  return `
  let lane = localIndex % ${lanes}u;
  partial[localIndex] = value;
  workgroupBarrier();
  for (var s = ${lanes / 2}u; s > 0u; s = s >> 1u) {
    if (lane < s) { partial[localIndex] = ${joined}; }
    workgroupBarrier();
  }
  let whole = partial[localIndex - lane];
  workgroupBarrier();
  return whole;`;
}

/** The start of a program over rows: which row a thread works on, and where in it. */
export function rowPrologue(lanes: number): string {
  return `
  let lane = i32(localIndex) % ${lanes};
  let columns = uniforms.columns;
  let place = index / ${lanes};
  let stored = place < uniforms.rows;
  let row = min(place, uniforms.rows - 1);
  let start = row * columns;`;
}

/** A loop in which a thread visits its columns of the row. */
export function eachColumn(lanes: number, code: string, count = 'columns'): string {
  return `for (var c = lane; c < ${count}; c = c + ${lanes}) { ${code} }`;
}
