import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { sizeOf } from '../../../graph/sizes.ts';
import { at, type PlainTable } from '../kernel.ts';
import { int, runWgsl } from './program.ts';

/**
 * A matmul in which each thread computes 4 x 4 results from registers, without shared memory or barriers.
 * For GPUs that are emulated on the processor: there shared memory is no faster than other memory, and a
 * barrier costs a switch of every thread. Sums run along K in order, so results repeat bit for bit.
 */
export function blockedMatmul(backend: WebGPUBackend): PlainTable['matmul'] {
  return (o, node, inputs) => {
    const { transpose_a, transpose_b } = node.attributes;
    const [A, B] = [at(inputs, 0), at(inputs, 1)];
    const n = node.shape.at(-1) ?? 1;
    const k = (transpose_a ? A.shape.at(-2) : A.shape.at(-1)) ?? 1;
    const shared = B.shape.length === 2;
    // One matrix b for all: the batches of a are more rows of it.
    const flat = shared && !transpose_a;
    const m = flat ? sizeOf(node.shape) / n : (node.shape.at(-2) ?? 1);
    const batches = sizeOf(node.shape) / (m * n);
    const even = n % 4 === 0 && k % 4 === 0 && (!transpose_a || m % 4 === 0);
    const tiles = batches * Math.ceil(m / 4) * Math.ceil(n / 4);
    return runWgsl(backend, o, {
      name: `matmul ${transpose_a} ${transpose_b} ${even}`,
      inputs: { A, B },
      shape: node.shape,
      threads: tiles,
      width: even ? 4 : 1,
      uniforms: [
        ...[int('tiles', tiles), int('m', m), int('k', k), int('n', n)],
        int('strideB', shared ? 0 : k * n),
      ],
      body: `${TILE}${even ? vectors(transpose_a, transpose_b) : scalars(transpose_a, transpose_b)}`,
    });
  };
}

/** Which tile a thread computes: rows and columns from `row` and `column`, of one batch. */
const TILE = `
  if (index >= uniforms.tiles) { return; }
  let m = uniforms.m;
  let k = uniforms.k;
  let n = uniforms.n;
  let across = (n + 3) / 4;
  let down = (m + 3) / 4;
  let column = 4 * (index % across);
  let row = 4 * ((index / across) % down);
  let batch = index / (across * down);
  let startA = batch * m * k;
  let startB = batch * uniforms.strideB;
  var sum0 = vec4<f32>(0.0);
  var sum1 = vec4<f32>(0.0);
  var sum2 = vec4<f32>(0.0);
  var sum3 = vec4<f32>(0.0);`;

const FOUR = [0, 1, 2, 3] as const;
const LANES = ['x', 'y', 'z', 'w'] as const;

/** Four steps along K at a time; arrays hold four elements an entry. */
function vectors(transposeA: boolean, transposeB: boolean): string {
  // Rows past the last are read as the last and not stored. With a transposed, m divides by 4.
  const rows = FOUR.map((i) => `let row${i} = min(row + ${i}, m - 1);`).join('\n');
  const loadA = transposeA
    ? FOUR.map((i) => `let t${i} = A[(startA + (p + ${i}) * m + row) / 4];`).join('\n') +
      FOUR.map((i) => `let a${i} = vec4<f32>(${FOUR.map((j) => `t${j}.${LANES[i]}`).join(', ')});`).join('\n')
    : FOUR.map((i) => `let a${i} = A[(startA + row${i} * k + p) / 4];`).join('\n');
  const loadB = transposeB
    ? FOUR.map((j) => `let b${j} = B[(startB + (column + ${j}) * k + p) / 4];`).join('\n')
    : FOUR.map((j) => `let b${j} = B[(startB + (p + ${j}) * n + column) / 4];`).join('\n');
  const add = FOUR.map((i) =>
    transposeB
      ? `sum${i} = sum${i} + vec4<f32>(${FOUR.map((j) => `dot(a${i}, b${j})`).join(', ')});`
      : `sum${i} = sum${i} + ${FOUR.map((j) => `a${i}.${LANES[j]} * b${j}`).join(' + ')};`,
  ).join('\n');
  const store = FOUR.map(
    (i) => `if (row + ${i} < m) { result[(batch * m * n + (row + ${i}) * n + column) / 4] = sum${i}; }`,
  ).join('\n');
  return `
    ${rows}
    for (var p = 0; p < k; p = p + 4) { ${loadA}\n${loadB}\n${add} }
    ${store}`;
}

/** Any sizes: what lies outside is read from the edge and not stored. */
function scalars(transposeA: boolean, transposeB: boolean): string {
  const rows = FOUR.map((i) => `let row${i} = min(row + ${i}, m - 1);`).join('\n');
  const columns = FOUR.map((j) => `let column${j} = min(column + ${j}, n - 1);`).join('\n');
  const a = (i: number) => (transposeA ? `A[startA + p * m + row${i}]` : `A[startA + row${i} * k + p]`);
  const b = (j: number) => (transposeB ? `B[startB + column${j} * k + p]` : `B[startB + p * n + column${j}]`);
  const store = FOUR.flatMap((i) =>
    FOUR.map(
      (j) =>
        `if (row + ${i} < m && column + ${j} < n) { result[(batch * m + row + ${i}) * n + column + ${j}] = sum${i}.${LANES[j]}; }`,
    ),
  ).join('\n');
  return `
    ${rows}
    ${columns}
    for (var p = 0; p < k; p = p + 1) {
      let b = vec4<f32>(${FOUR.map(b).join(', ')});
      ${FOUR.map((i) => `sum${i} = sum${i} + ${a(i)} * b;`).join('\n')}
    }
    ${store}`;
}
