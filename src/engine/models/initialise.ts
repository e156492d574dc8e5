import { hash32, Random } from '../../base/random.ts';
import { sizeOf } from '../graph/sizes.ts';
import type { ParameterSpec } from './parameter.ts';

/**
 * The first values of a parameter. Each has a stream of its own, found from seed and name, so that adding
 * a layer or changing a shape leaves the other parameters as they were.
 */
export function initialise(spec: ParameterSpec, seed: number): Float32Array {
  const values = new Float32Array(sizeOf(spec.shape));
  if (spec.init.type === 'ones') values.fill(1);
  if (spec.init.type !== 'normal') return values;
  const random = new Random(hash32(seed, ...Array.from(spec.name, (letter) => letter.charCodeAt(0))));
  for (let i = 0; i < values.length; i++) values[i] = spec.init.std * random.normal();
  return values;
}
