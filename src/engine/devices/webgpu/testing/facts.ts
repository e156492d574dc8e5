import type { AdapterFacts } from '../adapter-facts.ts';

/** SwiftShader's, as Chromium has it. */
export const SOFTWARE: AdapterFacts = {
  description: 'a software adapter',
  software: true,
  subgroups: true,
  subgroup_size: [4, 4],
  f16: false,
  half_storage: true,
  workgroup_size: 256,
  workgroups_per_dimension: 65_535,
  workgroup_storage: 32_768,
  max_binding_bytes: 2 ** 30,
  max_buffer_bytes: 2 ** 30,
  max_bindings: 8,
  binding_alignment: 256,
};
