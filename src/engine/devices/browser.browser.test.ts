import gpt2Settings from '../../../fixtures/gpt2-tiny.json';
import gpt2 from '../../../fixtures/gpt2-tiny.safetensors?url';
import llamaSettings from '../../../fixtures/llama-tiny.json';
import llama from '../../../fixtures/llama-tiny.safetensors?url';
import { ACCEPTED_OPS, deviceAcceptance } from './acceptance.ts';
import { fixtureAcceptance } from './fixture-acceptance.ts';
import { FLOAT16_OPS, float16Acceptance } from './float16-acceptance.ts';
import { drawnOf } from './testing/drawn-of.ts';
import { pageDeviceFactories } from './testing/page-factories.ts';
import { wasmPaths } from './testing/wasm-paths.ts';

const load = async (url: string) => new Uint8Array(await (await fetch(url)).arrayBuffer());
const fixtures = [
  { name: 'gpt2-tiny', bytes: await load(gpt2), settings: gpt2Settings },
  { name: 'llama-tiny', bytes: await load(llama), settings: llamaSettings },
];

/** In Node they compute the same on the same processor, and all of it is tried there. */
const AS_IN_NODE = ['webgpu', 'tfjs-webgpu', 'tfjs-cpu', 'reference'];

for (const { name, open } of pageDeviceFactories({ wasmPaths })) {
  const some = AS_IN_NODE.includes(name) ? drawnOf : <One>(all: readonly One[]) => all;
  deviceAcceptance(name, open, some(ACCEPTED_OPS));
  for (const fixture of some(fixtures)) fixtureAcceptance(name, fixture, open);
  if (name === 'webgpu') float16Acceptance(name, open, some(fixtures), some(FLOAT16_OPS));
}
