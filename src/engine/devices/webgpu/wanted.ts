import type { TensorId } from '../../graph/lower/kernel-plan.ts';

/** State lasts as long as the session; the arena is one program's at a time. */
export type Space = 'state' | 'arena';

/** A tensor that a kernel wants to reach, and as what. */
export type Wanted =
  | {
      readonly tensor: TensorId;
      readonly access: 'read' | 'write';
      /**
       * Elements of one load: 4 gives vec4 and counts indices in fours. 1 where left out. Halves are loaded as f32,
       * and stored in fours only.
       */
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
/** f16 is a half in memory and f32 once it is loaded. */
export type Scalar = 'f32' | 'i32' | 'u32' | 'f16';

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
