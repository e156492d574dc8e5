import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeDeviceFactories } from '../../src/engine/devices/node/factories.ts';
import type { BenchOptions } from '../bench.ts';
import { run as decode } from '../decode.bench.ts';
import { run as matmul } from '../matmul.bench.ts';
import type { BenchReport } from '../report.ts';
import { run as step } from '../step.bench.ts';
import { conformance } from './conformance.ts';

// What the bundle of pack.ts runs on a machine with a GPU: numerics first, then figures, each as a JSON file.

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'results' },
    /** Only what its name contains. */
    only: { type: 'string', default: '' },
    /** What takes long on a slow GPU is left out. */
    quick: { type: 'boolean', default: false },
    against: { type: 'string', default: 'jax-webgpu,tfjs-webgpu,nanogpt-webgpu' },
    runs: { type: 'string', default: '10' },
  },
});
mkdirSync(values.out, { recursive: true });
const options: BenchOptions = { progress: (line) => process.stderr.write(`  ${line}\n`) };

async function job(name: string, work: () => Promise<unknown>): Promise<void> {
  if (!name.includes(values.only)) return;
  process.stderr.write(`${name}\n`);
  const start = performance.now();
  const outcome = await work().catch((thrown) => ({
    failed: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
  }));
  writeFileSync(join(values.out, `${name}.json`), JSON.stringify(outcome, null, 1));
  process.stdout.write(`${name} (${((performance.now() - start) / 1000).toFixed(0)} s): ${brief(outcome)}\n`);
}

function brief(outcome: unknown): string {
  const { failed, results, bars } = outcome as Partial<BenchReport> & { readonly failed?: string };
  if (failed !== undefined) return failed.split('\n')[0] ?? failed;
  return JSON.stringify({ results, bars });
}

for (const dtype of ['float32', 'float16'] as const)
  await job(`conformance-${dtype}`, async () => {
    const device = await nodeDeviceFactories()
      .find(({ name }) => name === 'webgpu')
      ?.open();
    if (device === undefined) throw new Error('There is no device webgpu.');
    const results = (await conformance(device, Date.now() >>> 0, dtype)).filter(({ ok }) => !ok);
    const { description } = device.info;
    device.dispose();
    return { device: description, name: 'conformance', failures: results.length, results, bars: [] };
  });
const compared = ['--device', 'webgpu', '--dtype', 'float16', '--against', values.against];
compared.push('--runs', values.runs, '--profile');
for (const preset of values.quick ? ['small'] : ['small', 'medium', 'gpu']) {
  await job(`step-${preset}-gpt2`, () => step([...compared, '--preset', preset], options));
}
if (!values.quick) {
  await job('step-medium-llama', () =>
    step([...compared, '--preset', 'medium', '--model', 'llama'], options),
  );
}
const sizes = values.quick ? '256' : '256,512,1024,2048,4096';
const shapes = values.quick ? [] : ['--shapes'];
const peers = values.against.replaceAll(/,?(nanogpt-webgpu)/g, '');
await job('matmul', () =>
  matmul(['--device', 'webgpu', '--against', peers, '--sizes', sizes, ...shapes], options),
);
const layers = values.quick ? ['--layers', '1', '--runs', '8'] : [];
await job('decode', () => decode(['--device', 'webgpu', ...layers], options));
process.exit();
