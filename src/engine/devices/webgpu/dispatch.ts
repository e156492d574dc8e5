import type { KernelCallOf, KernelName, PlanTensor, TensorId } from '../../graph/lower/kernel-plan.ts';
import type { AdapterFacts } from './adapter-facts.ts';
import type { Reach } from './reach.ts';
import type { Space, Vector, Wanted } from './wanted.ts';

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

export interface BoundTensor {
  /** The WGSL type of one load: `f32`, `vec4<f32>`, ... */
  readonly type: string;
  readonly vector: Vector;
  /**
   * An expression for the element (or vector) at that place, counted from the tensor's first element; the
   * tensor's offset, and how it is spread over buffers, are taken care of. `index` is a u32 expression.
   */
  load(index: string): string;
  /** Of fours of halves: the two words that hold them, a vec2<u32>; null of all else. */
  readonly words: ((index: string) => string) | null;
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
