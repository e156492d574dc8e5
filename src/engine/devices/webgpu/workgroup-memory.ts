const SCALAR = 4;
/** Room and alignment of a vector in components: WGSL aligns three as four. */
const VECTOR: Readonly<Record<string, number>> = { '2': 2, '3': 4, '4': 4 };
const DECLARATION = /var<workgroup>\s+\w+\s*:\s*([^;]+);/g;

/**
 * Bytes of `var<workgroup>` that a kernel's text declares, each variable rounded up to 16 as adapters count
 * them. Joined kernels hold all of theirs at once, whichever of them a workgroup runs.
 */
export function workgroupBytes(module: string): number {
  let bytes = 0;
  for (const [, type = ''] of module.matchAll(DECLARATION)) {
    bytes += Math.ceil(sizeOfType(type.trim()) / 16) * 16;
  }
  return bytes;
}

function sizeOfType(type: string): number {
  const array = /^array<(.+),\s*(\d+)u?\s*>$/.exec(type);
  if (array !== null) return sizeOfType((array[1] as string).trim()) * Number(array[2]);
  const vector = /^vec([234])<(.+)>$/.exec(type);
  if (vector !== null) return (VECTOR[vector[1] as string] as number) * sizeOfType(vector[2] as string);
  if (type === 'f16') return SCALAR / 2;
  if (/^(f32|i32|u32|atomic<[iu]32>)$/.test(type)) return SCALAR;
  throw new RangeError(`workgroup memory of type ${type}`);
}
