import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { Abort } from '../../domain/artifacts/ports.ts';
import type { Drawing, SampleEvent, SampleOutcome, SampleRequest } from '../../domain/runs/ports.ts';
import type { FolderFiles } from '../../engine/formats/folder-files.ts';
import { holdDevices } from '../training/device-holder.ts';
import type { DeviceSource } from '../training/devices.ts';
import { loadFolder } from '../training/models.ts';
import { createSampler } from '../training/sampling.ts';

interface Deps {
  readonly devices: DeviceSource;
  readonly clock: Clock;
  readonly breathe: () => Promise<void>;
}

/**
 * Lets the model of a folder continue the prompts, side by side. What `drawing` leaves out is as the folder
 * says. Throws ANN-FMT where the folder is no model, ANN-RUN-012 when aborted.
 */
export async function sampleFolder(
  deps: Deps,
  folder: FolderFiles,
  request: Omit<SampleRequest, 'source' | 'drawing'> & { readonly drawing: Partial<Drawing> },
  onEvent: (event: SampleEvent) => void,
  signal?: Abort,
): Promise<SampleOutcome> {
  const devices = holdDevices(deps.devices);
  const sampler = createSampler(devices, deps);
  const drawing = { ...STANDARD, ...(await generationDefaults(folder)), ...request.drawing };
  try {
    return await sampler.sample('folder', () => loadFolder(folder), { ...request, drawing }, onEvent, signal);
  } finally {
    await sampler.release();
    devices.dispose();
  }
}

const STANDARD: Drawing = {
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
async function generationDefaults(folder: FolderFiles): Promise<Partial<Drawing>> {
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
