import { AnnealError, type ErrorFacts, toAnnealError } from '../../base/error.ts';
import { readConfig } from '../../domain/config/read.ts';
import { preflight } from '../../domain/preflight/preflight.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import type { InitialModel, RunId } from '../../domain/runs/events.ts';
import type { Progress } from '../../domain/runs/ports.ts';
import { can, type Run } from '../../domain/runs/run.ts';
import type { DeviceChoice, DeviceName } from '../../engine/device.ts';
import { deviceErrors } from '../../engine/errors.ts';
import { countParameters } from '../../engine/models/parameters.ts';
import { findLatest } from '../../engine/training/checkpoint-slots.ts';
import type { CommandQueue } from '../../engine/training/commands.ts';
import type { TrainingEnd } from '../../engine/training/events.ts';
import type { ModelConfig, TrainingSpec } from '../../engine/training/spec.ts';
import { train } from '../../engine/training/train.ts';
import { VERSION } from '../../protocol/version.ts';
import { ceilingsOf, doubtCeilings } from './ceilings.ts';
import { locateData, type TokenisedData, tokeniseData } from './data.ts';
import type { TrainerDeps } from './deps.ts';
import type { DeviceHolder } from './device-holder.ts';
import type { OpenedDevice } from './devices.ts';
import { artifactFolder, type LoadedModel, loadFolder } from './models.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { createStepTimer } from './step-timer.ts';

/** A run that trains here, as far as commands are concerned. */
export interface ActiveRun {
  readonly commands: CommandQueue;
  /** Somebody asked for its end; looked at while there is no loop yet. */
  stopping: boolean;
}

export interface SessionRequest {
  readonly run: RunId;
  readonly device: DeviceChoice;
  /** Updates in all after which to stop; null: none. */
  readonly until: number | null;
  readonly report: (progress: Progress) => void;
}

/**
 * Takes a queued run to its end: data, device, pre-flight, then the loop, on the next device whenever one
 * is lost. Whatever goes wrong ends the run as failed, with the reason; only what cannot be written throws.
 */
export async function runSession(
  deps: TrainerDeps,
  devices: DeviceHolder,
  active: ActiveRun,
  request: SessionRequest,
): Promise<Run> {
  const recorder = createRecorder(await required(deps, request.run), deps);
  try {
    const end = await prepareAndTrain(deps, devices, active, request, recorder);
    await recorder.settle();
    const { step: reached } = await required(deps, request.run);
    const step = Math.max(end.step, reached); // a loop that could not even begin says 0
    if (end.reason === 'failed') await recorder.append({ type: 'failed', step, facts: end.facts });
    else if (end.reason === 'stopped') await recorder.append({ type: 'stopped', step });
    else await recorder.append({ type: 'finished', step, reason: end.reason });
  } catch (error) {
    await endAfter(deps, active, request.run, error);
  }
  return await required(deps, request.run);
}

/** Before or beside the loop something failed: the run says what, unless its end was asked for meanwhile. */
async function endAfter(deps: TrainerDeps, active: ActiveRun, id: RunId, error: unknown): Promise<void> {
  const run = await required(deps, id);
  const at = deps.clock.now();
  if (active.stopping && can(run, 'stopped')) {
    await deps.runs.append(id, { type: 'stopped', step: run.step }, at);
  } else if (can(run, 'failed')) {
    const facts = toAnnealError(error, runErrors.failed).toJSON();
    await deps.runs.append(id, { type: 'failed', step: run.step, facts }, at);
  } else {
    throw error;
  }
}

async function prepareAndTrain(
  deps: TrainerDeps,
  devices: DeviceHolder,
  active: ActiveRun,
  request: SessionRequest,
  recorder: Recorder,
): Promise<TrainingEnd> {
  const run = await required(deps, request.run);
  const base = run.pins.model === null ? null : await baseOf(deps, run.pins.model);
  const data = await dataOf(deps, active, run, request.report);
  stopIf(active);
  request.report({ what: 'Choosing a device', done: 0, total: null });
  const failed = new Set<DeviceName>();
  let device = await openOrNext(devices, request.device, failed, recorder);
  stopIf(active);

  const { spec, flops } = specOf(run, data, device, base);
  await recorder.append({
    type: 'prepared',
    tokenizer: data.tokenizer_sha256,
    vocab_size: data.tokenizer.vocab_size,
    train_tokens: data.train.length,
    validation_tokens: data.validation.length,
    parameters: countParameters(spec.model),
    max_steps: spec.max_steps,
  });
  for (const facts of data.notices) recorder.record({ type: 'notice', step: 0, facts });

  let because: ErrorFacts | null = null;
  for (;;) {
    const { found } = await findLatest(deps.checkpoints, run.id);
    const step = found?.checkpoint.facts.progress.step ?? 0;
    await recorder.settle();
    await deps.metrics.truncate(run.id, step);
    await recorder.append(
      because === null
        ? { type: 'started', step, device: device.device, reason: device.reason, tried: triedOf(device) }
        : { type: 'device_changed', step, device: device.device, because, tried: triedOf(device) },
    );
    const timer = createStepTimer(deps, device.device.name, flops);
    const { opened } = device;
    const end = await train(spec, {
      device: opened,
      data,
      tokenizer: data.tokenizer,
      hashes: { data: run.pins.data.sha256, tokenizer: data.tokenizer_sha256 },
      store: recorder.guard(deps.checkpoints),
      run: run.id,
      start:
        found === null ? { type: 'new', ...(base === null ? {} : { read: base.read }) } : { type: 'resume' },
      until: request.until,
      commands: active.commands,
      emit: (event) => {
        recorder.record(event);
        if (event.type === 'step') timer.took(event.step_ms);
        else if (event.type === 'checkpoint') void timer.write();
        else if (event.type === 'profile' && event.recorded.ceilings !== null)
          void doubtCeilings(deps.settings, opened.info, event.recorded.ceilings);
      },
      clock: deps.clock,
      ceilings: () => ceilingsOf(deps.settings, opened),
      breathe: deps.breathe,
      program_version: VERSION,
    });
    await timer.write();
    if (end.reason !== 'failed' || !MOVES_ON.has(end.facts.code) || active.stopping) return end;
    failed.add(device.device.name);
    devices.drop(device.device.name);
    try {
      device = await devices.open('auto', failed);
    } catch {
      return end; // no other device: the reason is what befell this one
    }
    because = end.facts;
  }
}

/** As it is kept: a name and a sentence each. */
function triedOf({ tried }: OpenedDevice): { name: string; outcome: string }[] {
  return tried.map(({ name, outcome }) => ({ name, outcome }));
}

/** What another device may be spared. Out of memory is not among them: the run stops and says what to lower. */
const MOVES_ON: ReadonlySet<string> = new Set([
  deviceErrors.lost.code,
  deviceErrors.unavailable.code,
  deviceErrors.probeFailed.code,
  // A kernel that does not compile, a command that the driver refuses: another device may well do it.
  deviceErrors.failed.code,
]);

/** The device that was asked for, or the next best with a notice. Throws ANN-DEV where there is none at all. */
async function openOrNext(
  devices: DeviceHolder,
  choice: DeviceChoice,
  failed: Set<DeviceName>,
  recorder: Recorder,
): Promise<OpenedDevice> {
  try {
    return await devices.open(choice, failed);
  } catch (error) {
    if (choice === 'auto' || !(error instanceof AnnealError) || !MOVES_ON.has(error.code)) throw error;
    failed.add(choice);
    const next = await devices.open('auto', failed);
    const facts = runErrors.fellBack({
      message: `${choice} cannot be used here: ${error.message}. ${next.device.name} took over.`,
      data: { asked: choice, taken: next.device.name },
    });
    recorder.record({ type: 'notice', step: 0, facts: facts.toJSON() });
    return next;
  }
}

async function dataOf(
  deps: TrainerDeps,
  active: ActiveRun,
  { pins }: Run,
  report: (progress: Progress) => void,
): Promise<TokenisedData> {
  const { source } = pins.data;
  const sha256 = await locateData(deps, { source, sha256: pins.data.sha256 }, report);
  const { config } = readConfig(pins.config.text);
  const file = pins.tokenizer ?? pins.model?.files['tokenizer.json'] ?? pins.data.tokenizer_file ?? null;
  return await tokeniseData(deps, source, sha256, config.data, file, report, {
    get aborted() {
      return active.stopping;
    },
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  });
}

async function baseOf(deps: TrainerDeps, model: InitialModel): Promise<LoadedModel> {
  return await loadFolder(await artifactFolder(deps.artifacts, model));
}

/** What the config asks for on this data and device; the model of a run that trains on is that model's own. */
function specOf(
  { pins }: Run,
  data: TokenisedData,
  device: OpenedDevice,
  base: LoadedModel | null,
): { readonly spec: TrainingSpec; readonly flops: number | null } {
  const profiles = { device: device.device, data: data.profile, timings: null, sources: null };
  const { spec, diagnostics, estimate } = preflight(pins.config.text, profiles);
  if (spec === null) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    throw runErrors.invalidConfig({
      message: errors.map(({ message }) => message).join(' '),
      where: pins.config.path,
      data: { diagnostics: errors },
    });
  }
  if (base === null) return { spec, flops: estimate.flops_per_step };
  return { spec: { ...spec, model: trainedOn(base.model, spec.model) }, flops: null };
}

/** The model as it is, with the dropouts that the config asks for: how to train is the config's to say. */
function trainedOn(model: ModelConfig, asked: ModelConfig): ModelConfig {
  if (model.model_type === 'gpt2' && asked.model_type === 'gpt2') {
    const { embd_pdrop, attn_pdrop, resid_pdrop } = asked;
    return { ...model, embd_pdrop, attn_pdrop, resid_pdrop };
  }
  if (model.model_type === 'llama' && asked.model_type === 'llama') {
    return { ...model, attention_dropout: asked.attention_dropout };
  }
  return model;
}

/** Thrown only to leave the preparation; `endAfter` sees that the end was asked for. */
function stopIf(active: ActiveRun): void {
  if (active.stopping) throw runErrors.aborted();
}

async function required({ runs }: TrainerDeps, id: RunId): Promise<Run> {
  const run = await runs.get(id);
  if (run === null) throw runErrors.unknownRun({ where: id });
  return run;
}
