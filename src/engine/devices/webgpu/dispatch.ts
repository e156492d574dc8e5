import type { KernelCallOf, KernelName, PlanTensor, TensorId } from '../../graph/lower/kernel-plan.ts';
import type { Reach } from './reach.ts';

/**
 * What the kernels of this device agree on. A kernel turns one call of a plan into dispatches: WGSL text
 * with shapes baked in, the memory it binds and how many workgroups run. Text is also the key under which
 * its pipeline is cached, so layers of one shape must give one text: whatever differs between them (where
 * their tensors lie) stays in the bindings. Numbers that change from step to step are tensors.
 */
export type Kernel<K extends KernelName> = (
  call: KernelCallOf<K>,
  context: KernelContext,
) => readonly Dispatch[];

/** One entry point `main` in group 0; made by `Bound.dispatch`. */
export interface Dispatch {
  readonly label: string;
  readonly code: string;
  /** By `@binding` number. */
  readonly bindings: readonly Binding[];
  readonly workgroups: Workgroups;
  /** What it is made of, for joining it with others that do not depend on it. */
  readonly parts: DispatchParts;
}

export interface DispatchParts {
  readonly enable: readonly Enable[];
  /** Of the bindings that lie in a space. */
  readonly declarations: readonly string[];
  /** All else. */
  readonly module: string;
  readonly reaches: readonly Reach[];
  readonly tables: number;
  /** Of the `bind` in its call, from 0. */
  readonly number: number;
}

export type Workgroups = readonly [x: number, y: number, z: number];

export type Access = 'read' | 'read_write';

export type Binding =
  | {
      readonly kind: 'range';
      readonly space: Space;
      /** Which of the space's GPU buffers. */
      readonly buffer: number;
      /** Bytes. */
      readonly offset: number;
      readonly bytes: number;
      readonly access: Access;
    }
  /** Numbers fixed at compile time that are too many to be part of the text. */
  | { readonly kind: 'table'; readonly values: Uint32Array };

/** State lasts as long as the session; the arena is one program's at a time. */
export type Space = 'state' | 'arena';

/** A tensor that a kernel wants to reach, and as what. */
export type Wanted =
  | {
      readonly tensor: TensorId;
      readonly access: 'read' | 'write';
      /** Elements of one load: 4 gives vec4 and counts indices in fours. 1 where left out. */
      readonly vector?: Vector;
      /** Reads the bits as another type than the tensor's own. */
      readonly type?: Scalar;
      /** Only these elements, of a tensor without gaps; indices count from the first of them. */
      readonly part?: Part;
    }
  /** Several tensors of one space as one range, with whatever lies between them. */
  | {
      readonly tensors: readonly TensorId[];
      readonly access: 'read' | 'write';
      readonly vector?: Vector;
    }
  | { readonly table: Uint32Array };

/** A stretch of a tensor, for kernels that work it off in several dispatches where limits are low. */
export interface Part {
  /** In elements. */
  readonly first: number;
  readonly count: number;
}

export type Vector = 1 | 2 | 4;
export type Scalar = 'f32' | 'i32' | 'u32';

export function read(tensor: TensorId, vector: Vector = 1, type?: Scalar): Wanted {
  return { tensor, access: 'read', vector, ...(type === undefined ? {} : { type }) };
}

/** Also for what is read and written; a result in place of an operand shares its binding by itself. */
export function write(tensor: TensorId, vector: Vector = 1, type?: Scalar): Wanted {
  return { tensor, access: 'write', vector, ...(type === undefined ? {} : { type }) };
}

/** `starts` says where in the range each of them begins: for kernels over lists of tensors, as `adamw` is. */
export function span(tensors: readonly TensorId[], access: 'read' | 'write', vector: Vector = 1): Wanted {
  return { tensors, access, vector };
}

/** u32 numbers fixed at compile time: `load('i')` of it is a u32. */
export function table(values: Uint32Array): Wanted {
  return { table: values };
}

export interface BoundTensor {
  /** The WGSL type of one load: `f32`, `vec4<f32>`, ... */
  readonly type: string;
  readonly vector: Vector;
  /**
   * An expression for the element (or vector) at that place, counted from the tensor's first element; the
   * tensor's offset, and how it is spread over buffers, are taken care of. `index` is a u32 expression.
   */
  load(index: string): string;
  /** A statement, with its semicolon. */
  store(index: string, value: string): string;
  /** Elements (or vectors) from one row to the next. */
  readonly row_stride: number;
  /** Of a span: the index of the first element (or vector) of each of its tensors. */
  readonly starts: readonly number[];
}

export interface Bound<Name extends string> {
  readonly tensors: Readonly<Record<Name, BoundTensor>>;
  /** `body` is WGSL without the bindings' declarations, which are put before it. */
  dispatch(body: string, workgroups: Workgroups, enable?: readonly Enable[]): Dispatch;
}

/** WGSL extensions; only where `AdapterFacts` says that they work. */
export type Enable = 'f16' | 'subgroups';

export interface KernelContext {
  readonly adapter: AdapterFacts;
  tensor(id: TensorId): PlanTensor;
  /**
   * Declares what a dispatch reaches. Tensors in one place share a binding; a buffer of which any part is
   * written is read_write in all its bindings, as WebGPU asks; a tensor beyond one binding's limit is
   * spread over several; where bindings are too many, those in one buffer are joined to one range.
   * Throws ANN-DEV-002 where even so the adapter's limits do not suffice: ask `fits` where fewer would do.
   * `label` names the dispatch in errors and profiles.
   */
  bind<Name extends string>(label: string, wanted: Readonly<Record<Name, Wanted>>): Bound<Name>;
  /** Whether `bind` would succeed. */
  fits(wanted: Readonly<Record<string, Wanted>>): boolean;
  /** Which variant of a kernel was measured to be the fastest here, by a key that is the kernel's own. */
  readonly tuned: ReadonlyMap<string, string>;
}

/** What kernels may rely on: limits of the adapter, and options that passed the start-up gate. */
export interface AdapterFacts {
  /** As in `DeviceInfo.description`. */
  readonly description: string;
  /** The GPU is computed by the processor: no caches to fill by hand, one thread runs 4 lanes. */
  readonly software: boolean;
  readonly subgroups: boolean;
  /** Lanes of a subgroup: the least and the most that may happen; 0 without subgroups. */
  readonly subgroup_size: readonly [least: number, most: number];
  readonly f16: boolean;
  /** Invocations of a workgroup: 256 unless more passed the gate. */
  readonly workgroup_size: number;
  readonly workgroups_per_dimension: number;
  /** Bytes of var<workgroup>. */
  readonly workgroup_storage: number;
  readonly max_binding_bytes: number;
  readonly max_buffer_bytes: number;
  readonly max_bindings: number;
  /** Bytes at which a binding may begin. */
  readonly binding_alignment: number;
}

/**
 * A grid of `count` workgroups in as many dimensions as it takes. `index` is a WGSL expression for the
 * workgroup's number, a u32, given `@builtin(workgroup_id) wid : vec3<u32>`; it may reach beyond count.
 */
export function grid(
  adapter: Pick<AdapterFacts, 'workgroups_per_dimension'>,
  count: number,
): { readonly workgroups: Workgroups; readonly index: string } {
  const most = adapter.workgroups_per_dimension;
  if (count <= most) return { workgroups: [Math.max(count, 1), 1, 1], index: 'wid.x' };
  const y = Math.ceil(count / most);
  if (y <= most) {
    const x = Math.ceil(count / y);
    return { workgroups: [x, y, 1], index: `(wid.y * ${x}u + wid.x)` };
  }
  const z = Math.ceil(count / (most * most));
  return { workgroups: [most, most, z], index: `((wid.z * ${most}u + wid.y) * ${most}u + wid.x)` };
}
