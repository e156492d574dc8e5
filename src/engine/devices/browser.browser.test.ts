import gpt2Settings from '../../../fixtures/gpt2-tiny.json';
import gpt2 from '../../../fixtures/gpt2-tiny.safetensors?url';
import llamaSettings from '../../../fixtures/llama-tiny.json';
import llama from '../../../fixtures/llama-tiny.safetensors?url';
import { deviceAcceptance } from './acceptance.ts';
import { fixtureAcceptance } from './fixture-acceptance.ts';
import { float16Acceptance } from './float16-acceptance.ts';
import { pageDeviceFactories } from './testing/page-factories.ts';
import { wasmPaths } from './testing/wasm-paths.ts';

const load = async (url: string) => new Uint8Array(await (await fetch(url)).arrayBuffer());
const fixtures = [
  { name: 'gpt2-tiny', bytes: await load(gpt2), settings: gpt2Settings },
  { name: 'llama-tiny', bytes: await load(llama), settings: llamaSettings },
];

for (const { name, open } of pageDeviceFactories({ wasmPaths })) {
  deviceAcceptance(name, open);
  for (const fixture of fixtures) fixtureAcceptance(name, fixture, open);
  if (name === 'webgpu') float16Acceptance(name, open, fixtures);
}
