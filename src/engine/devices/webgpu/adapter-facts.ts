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
  /** Halves are packed and unpacked as they should, infinities and NaN too: what float16 programs are stored in. */
  readonly half_storage: boolean;
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
