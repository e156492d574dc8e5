import type { Clock } from '../../base/clock.ts';
import { type AnnealError, toAnnealError } from '../../base/error.ts';
import type { Device, DeviceChoice, DeviceInfo, DeviceName } from '../device.ts';
import { deviceErrors } from '../errors.ts';
import { type ProbeResult, runProbe } from './probe-step.ts';
import { createReferenceDevice } from './reference/device.ts';

/** A device that may or may not be available here. Opening loads what it needs. */
export interface DeviceFactory {
  readonly name: DeviceName;
  /** Tried by `auto` only when nothing else works. */
  readonly lastResort?: boolean;
  /** Rejects, by choice with ANN-DEV-003, where the device is not available. */
  open(): Promise<Device>;
}

export interface TriedDevice {
  readonly name: DeviceName;
  /** It opened, computed what reference computes and can be used. */
  readonly ok: boolean;
  /** Milliseconds of one probe step; null where it did not get so far. */
  readonly ms: number | null;
  /** A sentence. */
  readonly outcome: string;
}

export interface ChosenDevice {
  readonly opened: Device;
  readonly device: DeviceInfo;
  /** Why this one, in a sentence. */
  readonly reason: string;
  /** Best first. */
  readonly tried: readonly TriedDevice[];
}

export interface ProbeOptions {
  /** In the order to try them. */
  readonly factories: readonly DeviceFactory[];
  readonly clock: Clock;
  /** For opening a device and for its probe step, together; milliseconds. */
  readonly timeout?: number;
  /** Calls back after so many milliseconds; the function returned takes the call back. */
  readonly timer: (ms: number, fire: () => void) => () => void;
}

/** The probe steps of a device may differ from reference's by this much, relative, in the 2-norm. */
const TOLERANCE = 1e-3;
const TIMEOUT_MS = 10_000;

/**
 * Opens devices for whoever trains or samples. `auto` probes once: each device opens and runs a small
 * training step within the time-out, and the fastest that agrees with reference is taken. Later calls go
 * by that ranking, so that after a loss the next one comes at once.
 */
export class DeviceChooser {
  readonly #options: ProbeOptions;
  #ranking: readonly TriedDevice[] | null = null;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  /**
   * Opens the device of that name, or for `auto` the best that works, leaving out `except` (those that
   * failed before). Throws ANN-DEV-003 where there is none.
   */
  async open(choice: DeviceChoice, except: ReadonlySet<DeviceName> = new Set()): Promise<ChosenDevice> {
    if (choice !== 'auto') return this.#openNamed(choice);
    if (this.#ranking !== null) return this.#openRanked(this.#ranking, except);
    const { best, tried } = await this.#probeAll(except);
    this.#ranking = except.size === 0 ? tried : null;
    if (best === null) throw nothingWorks(tried);
    return { opened: best, device: best.info, reason: reasonFor(best.info.name, tried), tried };
  }

  async #openNamed(name: DeviceName): Promise<ChosenDevice> {
    const factory = this.#options.factories.find((one) => one.name === name);
    if (factory === undefined) {
      throw deviceErrors.unavailable({ message: `The device ${name} does not exist here`, where: name });
    }
    try {
      const opened = await this.#timed(name, factory.open(), (late) => late.dispose());
      const outcome = 'was chosen by name';
      return {
        opened,
        device: opened.info,
        reason: `${name} was chosen by name.`,
        tried: [{ name, ok: true, ms: null, outcome }],
      };
    } catch (error) {
      const cause = toAnnealError(error, deviceErrors.unavailable);
      throw deviceErrors.unavailable({
        message: `${name} is not available here: ${cause.message}`,
        where: name,
        cause,
      });
    }
  }

  async #openRanked(ranking: readonly TriedDevice[], except: ReadonlySet<DeviceName>): Promise<ChosenDevice> {
    let tried = ranking;
    for (const { name, ok } of ranking) {
      if (!ok || except.has(name)) continue;
      try {
        const { opened } = await this.#openNamed(name);
        return { opened, device: opened.info, reason: reasonFor(name, tried, except), tried };
      } catch (error) {
        const outcome = `worked before, but no longer: ${messageOf(error)}`;
        tried = tried.map((one) => (one.name === name ? { ...one, ok: false, outcome } : one));
      }
    }
    throw nothingWorks(tried, except);
  }

  async #probeAll(except: ReadonlySet<DeviceName>): Promise<{ best: Device | null; tried: TriedDevice[] }> {
    const wanted = await this.#expected();
    const tried: TriedDevice[] = [];
    let best: Device | null = null;
    let bestMs = Number.POSITIVE_INFINITY;
    for (const lastResort of [false, true]) {
      for (const factory of this.#options.factories) {
        if ((factory.lastResort ?? false) !== lastResort || except.has(factory.name)) continue;
        if (lastResort && best !== null) {
          tried.push({
            name: factory.name,
            ok: false,
            ms: null,
            outcome: 'was not tried: a faster one works',
          });
          continue;
        }
        const { result, device } = await this.#probe(factory, wanted);
        tried.push(result);
        if (device === null) continue;
        if (result.ms !== null && result.ms < bestMs) {
          best?.dispose();
          best = device;
          bestMs = result.ms;
        } else device.dispose();
      }
    }
    const rank = ({ ok, ms }: TriedDevice) => (ok ? (ms ?? 0) : Number.POSITIVE_INFINITY);
    tried.sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
    return { best, tried };
  }

  async #expected(): Promise<ProbeResult> {
    const reference = createReferenceDevice();
    try {
      return await runProbe(reference, () => this.#options.clock.elapsed());
    } finally {
      reference.dispose();
    }
  }

  /** Opens one and times it. What hangs is given up after the time-out and thrown away when it comes late. */
  async #probe(
    { name, open }: DeviceFactory,
    wanted: ProbeResult,
  ): Promise<{ result: TriedDevice; device: Device | null }> {
    let device: Device | null = null;
    let givenUp = false;
    const work = async () => {
      device = await open();
      if (givenUp) {
        device.dispose();
        throw deviceErrors.probeFailed();
      }
      return runProbe(device, () => this.#options.clock.elapsed());
    };
    try {
      const { values, ms } = await this.#timed(name, work());
      const error = worstError(values, wanted.values);
      // Written so that NaN does not pass.
      if (!(error <= TOLERANCE)) {
        throw deviceErrors.probeFailed({
          message: `it computes something else than reference (relative error ${error.toExponential(1)})`,
        });
      }
      return {
        result: { name, ok: true, ms, outcome: `took ${ms.toFixed(1)} ms for the probe step` },
        device,
      };
    } catch (error) {
      givenUp = true;
      (device as Device | null)?.dispose();
      return {
        result: { name, ok: false, ms: null, outcome: `does not work here: ${messageOf(error)}` },
        device: null,
      };
    }
  }

  #timed<T>(name: DeviceName, work: Promise<T>, late: (value: T) => void = () => {}): Promise<T> {
    const limit = this.#options.timeout ?? TIMEOUT_MS;
    return new Promise((resolve, reject) => {
      let over = false;
      const cancel = this.#options.timer(limit, () => {
        over = true;
        reject(deviceErrors.probeFailed({ message: `${name} did not answer within ${limit / 1000} s` }));
      });
      work.then(
        (value) => {
          cancel();
          if (over) late(value);
          else resolve(value);
        },
        (error) => {
          cancel();
          reject(error);
        },
      );
    });
  }
}

/** The next device to use after `name` was lost: the fastest of the others that worked; null where none did. */
export function fallbackAfter(name: DeviceName, tried: readonly TriedDevice[]): DeviceName | null {
  return tried.find((one) => one.ok && one.name !== name)?.name ?? null;
}

function reasonFor(
  name: DeviceName,
  tried: readonly TriedDevice[],
  except: ReadonlySet<DeviceName> = new Set(),
): string {
  const others = tried.filter((one) => one.ok && one.name !== name && !except.has(one.name));
  const mine = tried.find((one) => one.name === name)?.ms;
  const time = mine === null || mine === undefined ? '' : ` (${mine.toFixed(1)} ms for the probe step)`;
  const gone = [...except].filter((one) => one !== name);
  const after = gone.length > 0 ? ` after ${gone.join(' and ')} failed` : '';
  if (others.length === 0) return `${name} is the only device that works here${after}${time}.`;
  const next = others[0];
  const than = next?.ms ? `; ${next.name} took ${next.ms.toFixed(1)} ms` : '';
  return `${name} is the fastest that works here${after}${time}${than}.`;
}

function nothingWorks(
  tried: readonly TriedDevice[],
  except: ReadonlySet<DeviceName> = new Set(),
): AnnealError {
  const left = tried.filter(({ name }) => !except.has(name)).map(({ name, outcome }) => `${name} ${outcome}`);
  const message = left.length > 0 ? `No device works here: ${left.join('; ')}` : 'No device is left to try';
  return deviceErrors.unavailable({ message, data: { tried } });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function worstError(found: readonly Float32Array[], wanted: readonly Float32Array[]): number {
  let worst = 0;
  for (const [i, values] of wanted.entries()) {
    let [difference, norm] = [0, 0];
    for (const [j, value] of values.entries()) {
      difference += ((found[i]?.[j] ?? Number.NaN) - value) ** 2;
      norm += value ** 2;
    }
    worst = Math.max(worst, Math.sqrt(difference / norm)); // NaN stays
  }
  return worst;
}
