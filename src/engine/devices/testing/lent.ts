import type { Device } from '../../device.ts';

/** One device for everybody who opens it, so that its kernels are compiled once; who lends it closes it. */
export class LentDevice {
  readonly #make: () => Promise<Device>;
  #made: Promise<Device> | null = null;

  constructor(make: () => Promise<Device>) {
    this.#make = make;
  }

  readonly open = async (): Promise<Device> => {
    this.#made ??= this.#make();
    const device = await this.#made;
    const { info, lost, runs_ahead = 1, stores_halves = false } = device;
    return {
      ...{ info, lost, runs_ahead, stores_halves },
      open: (state) => device.open(state),
      dispose: () => undefined,
    };
  };

  async dispose(): Promise<void> {
    (await this.#made)?.dispose();
  }
}
