import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { Abort } from '../../domain/artifacts/ports.ts';
import type { SampleOutcome } from '../../domain/runs/ports.ts';
import type { DeviceChoice } from '../../engine/device.ts';
import type { FolderFiles } from '../../engine/formats/folder-files.ts';
import type { SamplingConfig } from '../../engine/training/spec.ts';
import { holdDevices } from '../training/device-holder.ts';
import type { DeviceSource } from '../training/devices.ts';
import type { LoadedModel } from '../training/models.ts';
import { loadFolder } from '../training/models.ts';
import type { Sampler } from '../training/sampling.ts';
import { createSampler } from '../training/sampling.ts';

interface Deps {
  readonly devices: DeviceSource;
  readonly clock: Clock;
  readonly breathe: () => Promise<void>;
}

interface Request {
  readonly sampling: Partial<SamplingConfig>;
  readonly device: DeviceChoice;
}

/** Lets the model of a folder write, once. Throws ANN-FMT where the folder is no model, ANN-RUN-012 when aborted. */
export async function sampleFolder(
  deps: Deps,
  folder: FolderFiles,
  request: Request,
  onText: (delta: string) => void,
  signal?: Abort,
): Promise<SampleOutcome> {
  return withSampler(deps, folder, request, (sampler, load, sampling) =>
    sampler.sample('folder', load, { sampling, device: request.device }, onText, signal),
  );
}

/** Lets it continue several prompts side by side; an outcome for each, in order. Throws as `sampleFolder`. */
export async function sampleFolderAll(
  deps: Deps,
  folder: FolderFiles,
  request: Request & { readonly prompts: readonly string[] },
  signal?: Abort,
): Promise<readonly SampleOutcome[]> {
  const { device, prompts } = request;
  return withSampler(deps, folder, request, (sampler, load, sampling) =>
    sampler.sampleAll('folder', load, { sampling, device, prompts }, signal),
  );
}

async function withSampler<T>(
  deps: Deps,
  folder: FolderFiles,
  request: Request,
  work: (sampler: Sampler, load: () => Promise<LoadedModel>, sampling: SamplingConfig) => Promise<T>,
): Promise<T> {
  const devices = holdDevices(deps.devices);
  const sampler = createSampler(devices, deps);
  const sampling = { ...STANDARD, ...(await generationDefaults(folder)), ...request.sampling };
  try {
    return await work(sampler, () => loadFolder(folder), sampling);
  } finally {
    await sampler.release();
    devices.dispose();
  }
}

const STANDARD: SamplingConfig = {
  prompt: '\n',
  max_new_tokens: 100,
  temperature: 1,
  top_k: 50,
  top_p: 1,
  seed: 42,
  stop: [],
};

const generationSchema = z.object({
  /** False: greedy, whatever else it says. */
  do_sample: z.boolean().exactOptional(),
  max_new_tokens: z.int().positive().exactOptional(),
  temperature: z.number().nonnegative().exactOptional(),
  top_k: z.int().nonnegative().exactOptional(),
  top_p: z.number().positive().max(1).exactOptional(),
});

/** What generation_config.json says of drawing; a folder without one, or with a strange one, says nothing. */
async function generationDefaults(folder: FolderFiles): Promise<Partial<SamplingConfig>> {
  if (!folder.names.includes(GENERATION)) return {};
  const bytes = await folder.read(GENERATION, 0, await folder.size(GENERATION));
  try {
    const parsed = generationSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    if (!parsed.success) return {};
    const { do_sample, ...drawing } = parsed.data;
    return do_sample === false ? { ...drawing, temperature: 0 } : drawing;
  } catch {
    return {};
  }
}

const GENERATION = 'generation_config.json';
