import type { Dispatch } from './dispatch.ts';
import { scoped } from './scopes.ts';

export interface Pipeline {
  readonly compute: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Compiled kernels of one GPU device, by their text. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #byCode = new Map<string, Promise<Pipeline>>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Compiles what is not compiled yet, all at once. Throws ANN-DEV-006 with the compiler's words. */
  all(dispatches: readonly Dispatch[]): Promise<Pipeline[]> {
    return Promise.all(dispatches.map((dispatch) => this.#get(dispatch)));
  }

  #get(dispatch: Dispatch): Promise<Pipeline> {
    const known = this.#byCode.get(dispatch.code);
    if (known !== undefined) return known;
    const compiled = this.#compile(dispatch);
    this.#byCode.set(dispatch.code, compiled);
    // What failed may be tried again: memory may have been short.
    compiled.catch(() => this.#byCode.delete(dispatch.code));
    return compiled;
  }

  #compile({ label, code, bindings }: Dispatch): Promise<Pipeline> {
    const layout = this.#layout(
      bindings.map((one) => (one.kind === 'range' && one.access === 'read_write' ? 'w' : 'r')).join(''),
    );
    return scoped(this.#device, `The kernel ${label} does not compile`, async () => {
      const compute = await this.#device.createComputePipelineAsync({
        label,
        layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module: this.#device.createShaderModule({ label, code }), entryPoint: 'main' },
      });
      return { compute, layout };
    });
  }

  /** `access` is a letter for each binding: r or w. */
  #layout(access: string): GPUBindGroupLayout {
    const known = this.#layouts.get(access);
    if (known !== undefined) return known;
    const layout = this.#device.createBindGroupLayout({
      entries: [...access].map((letter, binding) => ({
        binding,
        visibility: 4, // GPUShaderStage.COMPUTE
        buffer: { type: letter === 'w' ? 'storage' : 'read-only-storage' },
      })),
    });
    this.#layouts.set(access, layout);
    return layout;
  }
}
