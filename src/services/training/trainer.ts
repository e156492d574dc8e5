import { readConfig } from '../../domain/config/read.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import type { RunId } from '../../domain/runs/events.ts';
import type { ModelSource, Trainer } from '../../domain/runs/ports.ts';
import { can, isActive, type Run } from '../../domain/runs/run.ts';
import { CommandQueue } from '../../engine/training/commands.ts';
import { VERSION } from '../../protocol/version.ts';
import { projectLock, runLock } from '../runs/locks.ts';
import { locateData, profileData, tokeniseData } from './data.ts';
import type { TrainerDeps } from './deps.ts';
import { holdDevices } from './device-holder.ts';
import { artifactFolder, exportRun, inspectFolder, type LoadedModel, loadFolder, loadRun } from './models.ts';
import { createSampler } from './sampling.ts';
import { type ActiveRun, runSession } from './session.ts';

/**
 * The trainer: in a worker of the studio, or in the CLI's own process. It owns the devices, writes what
 * happens to the stores itself, and holds the locks that say so.
 */
export function createTrainer(deps: TrainerDeps): Trainer & { dispose(): void } {
  const { runs, locks, clock } = deps;
  const devices = holdDevices(deps.devices);
  const sampler = createSampler(devices, deps);
  const active = new Map<RunId, ActiveRun>();

  /** Runs `work` as the one training run of its project. Throws ANN-RUN-003 while there is another. */
  const exclusively = async (
    id: RunId,
    project: string,
    work: (run: ActiveRun) => Promise<Run>,
  ): Promise<Run> => {
    const entry: ActiveRun = { commands: new CommandQueue(), stopping: false };
    const outcome = await locks.tryHold(projectLock(project), () =>
      locks.tryHold(runLock(id), async () => {
        active.set(id, entry);
        try {
          await sampler.release();
          return await work(entry);
        } finally {
          active.delete(id);
        }
      }),
    );
    if (outcome?.value) return outcome.value.value;
    const other = (await runs.list({ project })).find(isActive);
    throw runErrors.busy({
      ...(other === undefined ? {} : { message: `${other.name} is training`, data: { run: other.id } }),
    });
  };
  const existing = async (id: RunId): Promise<Run> => {
    const run = await runs.get(id);
    if (run === null) throw runErrors.unknownRun({ where: id });
    return run;
  };

  return {
    async probe(choice) {
      const { device, reason, tried } = await devices.open(choice);
      return { device, reason, tried };
    },

    async prepare({ data, config, tokenizer_sha256 }, onProgress, signal) {
      if (config === null) return await profileData(deps, data, onProgress);
      const section = readConfig(config).config.data;
      const sha256 = await locateData(deps, data, onProgress);
      const made = await tokeniseData(
        deps,
        data.source,
        sha256,
        section,
        tokenizer_sha256,
        onProgress,
        signal,
      );
      return made.profile;
    },

    train: (request, onProgress) =>
      exclusively(request.run, request.project, async (entry) => {
        const sha256 = await locateData(deps, request.data, onProgress);
        const { training } = readConfig(request.config.text).config;
        await runs.append(
          request.run,
          {
            type: 'created',
            project: request.project,
            name: request.name,
            config: request.config,
            data: {
              source: request.data.source,
              sha256,
              bytes: (await deps.artifacts.stat(sha256))?.bytes ?? 0,
              ...(request.tokenizer_sha256 === null ? {} : { tokenizer_file: request.tokenizer_sha256 }),
            },
            seed: training.seed,
            max_steps: training.max_steps ?? 0,
            device: request.device,
            program: VERSION,
            model: request.model,
            ...(request.owner === null ? {} : { owner: request.owner }),
          },
          clock.now(),
        );
        return await runSession(deps, devices, entry, {
          run: request.run,
          device: request.device,
          until: request.steps,
          report: onProgress,
        });
      }),

    async resume(request, onProgress) {
      const { project } = await existing(request.run);
      return await exclusively(request.run, project, async (entry) => {
        const run = await existing(request.run);
        // A kill leaves the run as if somebody still trained it; the lock, now ours, says that nobody does.
        if (can(run, 'interrupted')) await runs.append(run.id, { type: 'interrupted' }, clock.now());
        const { pins } = await runs.append(run.id, { type: 'resumed', program: VERSION }, clock.now());
        return await runSession(deps, devices, entry, {
          run: request.run,
          // The losses are the same to the bit only on the device that the run was on.
          device: request.device ?? pins.device?.name ?? pins.device_choice,
          until: request.steps,
          report: onProgress,
        });
      });
    },

    async command(id, command) {
      const entry = active.get(id);
      if (entry === undefined) throw runErrors.notTraining({ where: id });
      if (command.type === 'stop') entry.stopping = true;
      entry.commands.push(command);
    },

    async sample({ source, ...request }, onEvent, signal) {
      const { key, load } = await modelOf(deps, source, existing);
      return await sampler.sample(key, load, request, onEvent, signal);
    },

    exportModel: async (id) => await exportRun(deps, await existing(id)),
    inspectModel: async (files) => await inspectFolder(await artifactFolder(deps.artifacts, files)),
    dispose: () => devices.dispose(),
  };
}

async function modelOf(
  deps: TrainerDeps,
  source: ModelSource,
  existing: (id: RunId) => Promise<Run>,
): Promise<{ readonly key: string; readonly load: () => Promise<LoadedModel> }> {
  if (source.type === 'run') {
    const run = await existing(source.run);
    const key = `${run.id}@${run.checkpoint?.name}@${run.checkpoint?.step}@${run.state}`;
    return { key, load: () => loadRun(deps, run) };
  }
  const key = JSON.stringify(Object.entries(source.files.files).sort());
  return { key, load: async () => await loadFolder(await artifactFolder(deps.artifacts, source.files)) };
}
