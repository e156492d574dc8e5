/** One command of `anneal bench engine`. */
export interface Part {
  readonly name: string;
  /** What comes after `anneal bench`. */
  readonly command: string;
  /** What it takes on two quiet cores. */
  readonly minutes: number;
}

/**
 * All that the bars of the engine need where there is no GPU; what most bars hang on comes first.
 * tfjs on SwiftShader takes 20 s for a small step and minutes for a medium one, so it is timed over few, and
 * the medium one comes last.
 */
export const PARTS: readonly Part[] = [
  {
    name: 'step small wasm chromium',
    command: 'step --in chromium --against pytorch,jax-wasm,tfjs-wasm --profile',
    minutes: 2.5,
  },
  {
    name: 'step small wasm node',
    command: 'step --in node --against pytorch,jax-wasm,tfjs-wasm',
    minutes: 2.5,
  },
  {
    name: 'step medium wasm chromium',
    command: 'step --preset medium --in chromium --against pytorch,jax-wasm --profile',
    minutes: 2.5,
  },
  {
    name: 'step medium llama wasm chromium',
    command: 'step --preset medium --model llama --in chromium --against pytorch,jax-wasm',
    minutes: 2.5,
  },
  { name: 'decode wasm chromium', command: 'decode --in chromium', minutes: 0.5 },
  {
    name: 'step small webgpu chromium',
    command:
      'step --device webgpu --dtype float16 --in chromium --against jax-webgpu,tfjs-webgpu --runs 5 --profile',
    minutes: 5,
  },
  {
    name: 'step small llama webgpu chromium',
    command: 'step --device webgpu --model llama --in chromium --against jax-webgpu --runs 3',
    minutes: 1.5,
  },
  {
    name: 'decode webgpu chromium',
    command: 'decode --device webgpu --in chromium --runs 16',
    minutes: 1.5,
  },
  { name: 'recipe', command: 'recipe', minutes: 11 },
  { name: 'main thread', command: 'main-thread --device wasm', minutes: 2 },
  {
    name: 'step medium webgpu chromium',
    command: 'step --device webgpu --preset medium --in chromium --against jax-webgpu --runs 2',
    minutes: 5,
  },
  {
    name: 'matmul wasm chromium',
    command: 'matmul --in chromium --against pytorch,jax-wasm --shapes',
    minutes: 2.5,
  },
  {
    name: 'step medium webgpu chromium, tfjs',
    command: 'step --device webgpu --preset medium --in chromium --against tfjs-webgpu --runs 1',
    minutes: 14,
  },
];

export const partNames = (): string => PARTS.map(({ name }) => name).join('; ');
