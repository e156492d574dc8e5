import type { AdapterFacts } from './adapter-facts.ts';
import type { Workgroups } from './dispatch.ts';

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
