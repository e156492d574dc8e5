import type { GPGPUProgram, MathBackendWebGL } from '@tensorflow/tfjs-backend-webgl';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { hash32 } from '../../../../base/random.ts';
import { sizeOf } from '../../../graph/sizes.ts';
import { composedKernels } from '../composed.ts';
import { dropoutThreshold, positionsById, rotaryTable } from '../derive.ts';
import { at, type KernelTable, lastOf, type OpContext } from '../kernel.ts';
import { matmul, plainKernels, reshape } from '../plain.ts';

/**
 * Kernels for WebGL: compositions of tfjs's, and fragment shaders of our own where there is none. WebGL
 * keeps whole numbers as floats, so what needs all 32 bits is worked out on the host.
 */
export function webglKernels(backend: MathBackendWebGL): KernelTable {
  const run = (
    o: OpContext,
    inputs: Readonly<Record<string, TensorInfo>>,
    shape: readonly number[],
    userCode: string,
  ): TensorInfo => {
    const program: GPGPUProgram = { variableNames: Object.keys(inputs), outputShape: [...shape], userCode };
    return o.own(backend.compileAndRun(program, Object.values(inputs), 'float32'));
  };
  return {
    ...plainKernels,
    matmul,
    ...composedKernels,
    embedding_grad: (o, node, inputs) => {
      const { rows } = node.attributes;
      const [dy, ids] = [at(inputs, 0), at(inputs, 1)];
      const columns = lastOf(node.shape);
      const places = o.derived(ids, `places ${rows}`, () => positionsById(o.hostValues(ids), rows));
      const flat = reshape(o, dy, [sizeOf(dy.shape) / columns, columns]);
      const code = `
        void main() {
          ivec2 coords = getOutputCoords();
          int stop = int(getPlaces(coords.x + 1));
          float sum = 0.0;
          for (int i = int(getPlaces(coords.x)); i < stop; i++) {
            sum += getDy(int(getPlaces(${rows + 1} + i)), coords.y);
          }
          setOutput(sum);
        }`;
      return run(o, { Dy: flat, Places: places }, [rows, columns], code);
    },
    dropout_mask: (o, node, inputs) => {
      const { rate, stream } = node.attributes;
      const seed = o.hostValues(at(inputs, 0))[0] ?? 0;
      const threshold = dropoutThreshold(rate);
      const size = sizeOf(node.shape);
      const values = new Float32Array(size);
      for (let e = 0; e < size; e++) values[e] = hash32(seed, stream, e) >= threshold ? 1 / (1 - rate) : 0;
      return o.own(backend.makeTensorInfo([...node.shape], 'float32', values));
    },
    rotary: (o, node, inputs) => {
      const { theta, inverse } = node.attributes;
      const [x, positions] = [at(inputs, 0), at(inputs, 1)];
      const size = lastOf(node.shape);
      const half = size / 2;
      const count = sizeOf(positions.shape);
      const table = o.derived(positions, `rotary ${size} ${theta}`, () =>
        rotaryTable(o.hostValues(positions), size, theta),
      );
      const code = `
        void main() {
          ivec3 coords = getOutputCoords();
          bool upper = coords.z >= ${half};
          int i = upper ? coords.z - ${half} : coords.z;
          float partner = getX(coords.x, coords.y, upper ? i : i + ${half});
          float cosine = getAngles(0, coords.y, i);
          float sine = ${inverse ? '-' : ''}getAngles(1, coords.y, i);
          setOutput(getX(coords.x, coords.y, coords.z) * cosine + (upper ? partner : -partner) * sine);
        }`;
      const shape = [sizeOf(node.shape) / (count * size), count, size];
      return reshape(o, run(o, { X: reshape(o, x, shape), Angles: table }, shape, code), node.shape);
    },
    causal_softmax: (o, node, inputs) => {
      const columns = lastOf(node.shape);
      const queries = node.shape.at(-2) ?? 1;
      const shape = [sizeOf(node.shape) / (queries * columns), queries, columns];
      // Far below any score, so that its exp is 0 whatever the row's largest is.
      const code = `
        void main() {
          ivec3 coords = getOutputCoords();
          bool seen = coords.z <= coords.y + int(getOffset());
          setOutput(seen ? getX(coords.x, coords.y, coords.z) * ${float(node.attributes.scale)} : -1e30);
        }`;
      const masked = run(o, { X: reshape(o, at(inputs, 0), shape), Offset: at(inputs, 1) }, shape, code);
      const largest = o.call('Max', { x: masked }, { reductionIndices: [2], keepDims: true });
      const e = o.call('Exp', { x: o.call('Sub', { a: masked, b: largest }) });
      const sum = o.call('Sum', { x: e }, { axis: [2], keepDims: true });
      return reshape(o, o.call('RealDiv', { a: e, b: sum }), node.shape);
    },
    cache_write: (o, node, inputs) => {
      const [cache, rows] = [at(inputs, 0), at(inputs, 1)];
      const columns = lastOf(cache.shape);
      const [slots, count] = [cache.shape.at(-2) ?? 1, rows.shape.at(-2) ?? 1];
      const outer = sizeOf(cache.shape) / (slots * columns);
      const code = `
        void main() {
          ivec3 coords = getOutputCoords();
          int row = coords.y - int(getPosition());
          bool written = row >= 0 && row < ${count};
          int place = written ? row : 0;
          setOutput(written ? getRows(coords.x, place, coords.z) : getCache(coords.x, coords.y, coords.z));
        }`;
      const tensors = {
        Cache: reshape(o, cache, [outer, slots, columns]),
        Rows: reshape(o, rows, [outer, count, columns]),
        Position: at(inputs, 2),
      };
      return reshape(o, run(o, tensors, [outer, slots, columns], code), node.shape);
    },
  };
}

/** GLSL reads 1 as a whole number. */
function float(value: number): string {
  const text = String(Math.fround(value));
  return /[.e]/.test(text) ? text : `${text}.0`;
}
