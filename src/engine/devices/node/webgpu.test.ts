import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { deviceAcceptance } from '../acceptance.ts';
import { fixtureAcceptance } from '../fixture-acceptance.ts';
import { float16Acceptance } from '../float16-acceptance.ts';
import { openWebgpu } from '../webgpu/device.ts';
import { poisoned } from '../webgpu/testing/poisoned.ts';
import { sharingAcceptance } from '../webgpu/testing/sharing-acceptance.ts';
import { troubleAcceptance } from '../webgpu/testing/trouble-acceptance.ts';
import { nodeGpu } from './dawn.ts';

const gpu = await nodeGpu();

if (gpu === null) {
  test('webgpu', (context) => {
    context.skip('there is neither a GPU nor SwiftShader here');
  });
} else {
  deviceAcceptance('webgpu', async () => poisoned(await openWebgpu(gpu)));
  const fixtures = ['gpt2-tiny', 'llama-tiny'].map((name) => {
    const file = (end: string) =>
      readFileSync(new URL(`../../../../fixtures/${name}.${end}`, import.meta.url));
    const bytes = new Uint8Array(file('safetensors'));
    const settings: unknown = JSON.parse(file('json').toString());
    return { name, bytes, settings };
  });
  for (const fixture of fixtures) fixtureAcceptance('webgpu', fixture, () => openWebgpu(gpu));
  float16Acceptance('webgpu', async () => poisoned(await openWebgpu(gpu)), fixtures);
  troubleAcceptance(gpu);
  sharingAcceptance(gpu);
}
