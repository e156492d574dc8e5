import type { Device, DeviceName, Outputs, Session } from '../device.ts';
import { updateFeeds } from '../optimizers/update.ts';
import { trainingErrors } from './errors.ts';
import type { Fixture, FixtureParameter, FixtureTensors } from './fixture.ts';
import { readFixture } from './fixture.ts';
import { ACCUMULATOR, buildGradients, buildTrainingStep, IGNORE_INDEX } from './step.ts';

/** The largest error of each kind that is let pass. */
export const TOLERANCES = { logits: 1e-4, loss: 1e-4, grad: 1e-3, losses: 1e-3, final: 1e-3 } as const;
/**
 * For numbers whose true value is zero, so that a relative error says nothing: absolute, of each element.
 * The key third of c_attn.bias is such a one: a constant added to all keys cancels in the softmax. Adam
 * divides its rounding noise by itself, so that after ten steps it may have moved by ten learning rates.
 */
const ABSOLUTE = 1e-2;
/** A gradient below this share of all gradients' norm is rounding noise of a zero. */
const NEGLIGIBLE = 1e-7;
/**
 * Relative errors of gradients are taken against at least this share of all gradients' norm. A tenth of a
 * percent of it is what rounding leaves of a gradient whose terms cancel; anything more would hide changes
 * of small gradients, such as those of biases on keys.
 */
const FLOOR = 1e-6;

export interface Verification {
  readonly device: DeviceName;
  /** The worst errors: |a - b| / |b| in the 2-norm. Absolute ones count a tenth, so that one limit is for both. */
  readonly logits: number;
  readonly loss: number;
  readonly grad: number;
  readonly losses: number;
  readonly final: number;
  /** Every error is within its tolerance. */
  readonly holds: boolean;
}

/**
 * Computes on the device what a fixture says another program computed, and compares: logits, loss and
 * every gradient of the batch, then the losses and the parameters of training on it. `settings` is the
 * JSON beside the fixture, parsed. Throws ANN-TRN-016 for a fixture that is not whole.
 */
export async function verifyFixture(request: {
  readonly tensors: FixtureTensors;
  readonly settings: unknown;
  readonly device: Device;
}): Promise<Verification> {
  const fixture = readFixture(request.tensors, request.settings);
  const sizes = { model: fixture.model, batch: fixture.batch, context: fixture.context };
  const step = buildTrainingStep({ ...sizes, optimizer: fixture.optimizer, accumulation: 1 });
  const session = await request.device.open(step.state);
  try {
    for (const { spec, start } of fixture.parameters) await session.write(spec.name, start);
    const outputs = await runOnce(session, fixture);
    const losses = await trainOn(session, fixture, step);
    const finals = new Map<string, Float32Array>();
    for (const { spec } of fixture.parameters) finals.set(spec.name, await session.read(spec.name));
    return judge(request.device.info.name, fixture, outputs, losses, finals);
  } finally {
    session.dispose();
  }
}

async function runOnce(session: Session, fixture: Fixture): Promise<Outputs> {
  const executable = await session.compile(buildGradients(fixture));
  try {
    return await executable.run(batchOf(fixture));
  } finally {
    executable.dispose();
  }
}

/** The fixture's batch again and again, at a constant learning rate. */
async function trainOn(
  session: Session,
  fixture: Fixture,
  step: ReturnType<typeof buildTrainingStep>,
): Promise<readonly number[]> {
  if (step.update.mode !== 'fused') throw new RangeError('a step of one micro-batch is one program');
  const executable = await session.compile(step.update.step);
  const losses: number[] = [];
  try {
    for (let update = 1; update <= fixture.steps; update++) {
      const hyper = updateFeeds(fixture.optimizer, fixture.learning_rate, update);
      const { loss } = await executable.run({ ...batchOf(fixture), ...hyper });
      losses.push(loss?.[0] ?? Number.NaN);
    }
  } finally {
    executable.dispose();
  }
  return losses;
}

function batchOf({ input_ids, labels }: Fixture) {
  let count = 0;
  for (const label of labels) if (label !== IGNORE_INDEX) count++;
  if (count === 0) {
    throw trainingErrors.badFixture({
      message: 'No label of the fixture counts: all are -100.',
      where: 'labels',
    });
  }
  return { input_ids, labels, inverse_label_count: 1 / count };
}

function judge(
  device: DeviceName,
  fixture: Fixture,
  outputs: Outputs,
  losses: readonly number[],
  finals: ReadonlyMap<string, Float32Array>,
): Verification {
  const total = Math.hypot(...fixture.parameters.map(({ gradient }) => norm(gradient)));
  let grad = 0;
  let final = 0;
  for (const parameter of fixture.parameters) {
    const { spec } = parameter;
    for (const { begin, end, zero } of parts(fixture, parameter, total)) {
      const found = (outputs[`${ACCUMULATOR}${spec.name}`] ?? new Float32Array()).subarray(begin, end);
      const ended = (finals.get(spec.name) ?? new Float32Array()).subarray(begin, end);
      const gradient = parameter.gradient.subarray(begin, end);
      const last = parameter.final.subarray(begin, end);
      const share = TOLERANCES.grad / ABSOLUTE;
      grad = worse(
        grad,
        zero === 'known' ? share * largest(found, gradient) : relative(found, gradient, FLOOR * total),
      );
      final = worse(final, zero === 'no' ? relative(ended, last) : share * largest(ended, last));
    }
  }
  const errors = {
    logits: relative(outputs.logits ?? [], fixture.logits),
    loss: relative(outputs.loss ?? [], [fixture.loss]),
    grad,
    losses: losses.reduce(
      (worst, loss, i) => worse(worst, relative([loss], fixture.losses.subarray(i, i + 1))),
      0,
    ),
    final,
  };
  const holds = Object.entries(TOLERANCES).every(
    ([kind, limit]) => errors[kind as keyof typeof errors] <= limit,
  );
  return { device, ...errors, holds };
}

interface Part {
  readonly begin: number;
  readonly end: number;
  /** Whether the true gradient is zero: 'known' from the mathematics, 'seen' in the fixture. */
  readonly zero: 'no' | 'known' | 'seen';
}

function parts(fixture: Fixture, { spec, gradient }: FixtureParameter, total: number): readonly Part[] {
  const size = gradient.length;
  if (fixture.model.model_type === 'gpt2' && spec.name.endsWith('.attn.c_attn.bias')) {
    const third = size / 3;
    return [
      { begin: 0, end: third, zero: 'no' },
      { begin: third, end: 2 * third, zero: 'known' },
      { begin: 2 * third, end: size, zero: 'no' },
    ];
  }
  const length = norm(gradient);
  // Exactly zero is no noise: nothing moves such a parameter but decay, which can be compared.
  return [{ begin: 0, end: size, zero: length > 0 && length <= NEGLIGIBLE * total ? 'seen' : 'no' }];
}

type Numbers = Float32Array | readonly number[];

function norm(values: Numbers): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

/** |a - b| / |b| in the 2-norm, |b| taken as at least `floor`; NaN where the lengths differ. */
function relative(a: Numbers, b: Numbers, floor = 0): number {
  if (a.length !== b.length) return Number.NaN;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  const difference = Math.sqrt(sum);
  return difference === 0 ? 0 : difference / Math.max(norm(b), floor);
}

function largest(a: Numbers, b: Numbers): number {
  if (a.length !== b.length) return Number.NaN;
  let most = 0;
  for (let i = 0; i < a.length; i++) most = worse(most, Math.abs((a[i] as number) - (b[i] as number)));
  return most;
}

/** The larger; NaN once there is one, which no limit lets pass. */
function worse(a: number, b: number): number {
  return Math.max(a, b);
}
