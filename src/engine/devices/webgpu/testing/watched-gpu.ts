/** A GPU device that says what is done with it, and can be made to fail. */
export interface WatchedGpu {
  readonly device: GPUDevice;
  /** Calls since it was made, by method; of the queue `submit` and `writeBuffer`. */
  readonly calls: ReadonlyMap<string, number>;
  /** Bytes of the buffers that were created and not destroyed. */
  readonly bytes: () => number;
  /** Mappings that were asked for and are not there yet. */
  readonly mapping: () => number;
  /** The most there ever were of these. */
  readonly most: { mapping: number };
  /** What is asked for from now on is changed or refused by these. */
  readonly faults: {
    /** The WGSL that is compiled instead. */
    shader: ((code: string) => string) | null;
    /** Buffers of at least so many bytes find no memory. */
    memory: number;
    /** Called when a buffer has been made. */
    onBuffer: (() => void) | null;
    /** Larger ones are an error of the test: limits that a plan promised to keep. */
    largestBuffer: number;
    largestBinding: number;
  };
}

export function watch(device: GPUDevice): WatchedGpu {
  const calls = new Map<string, number>();
  const live = new Map<GPUBuffer, number>();
  const most = { mapping: 0 };
  let mapping = 0;
  /** Scopes of the kind out-of-memory, innermost last: whether an allocation failed in them. */
  const scopes: { filter: GPUErrorFilter; failed: boolean }[] = [];
  const faults: WatchedGpu['faults'] = {
    shader: null,
    memory: Number.POSITIVE_INFINITY,
    onBuffer: null,
    largestBuffer: Number.POSITIVE_INFINITY,
    largestBinding: Number.POSITIVE_INFINITY,
  };
  const count = (name: string) => calls.set(name, (calls.get(name) ?? 0) + 1);

  const watchBuffer = (buffer: GPUBuffer, size: number): GPUBuffer => {
    live.set(buffer, size);
    const destroy = buffer.destroy.bind(buffer);
    const mapAsync = buffer.mapAsync.bind(buffer);
    buffer.destroy = () => {
      live.delete(buffer);
      return destroy();
    };
    buffer.mapAsync = async (...args) => {
      mapping++;
      most.mapping = Math.max(most.mapping, mapping);
      try {
        return await mapAsync(...args);
      } finally {
        mapping--;
      }
    };
    return buffer;
  };

  const methods: Partial<GPUDevice> = {
    createBuffer: (descriptor) => {
      if (descriptor.size > faults.largestBuffer)
        throw new RangeError(`a buffer of ${descriptor.size} bytes`);
      const scope = scopes.findLast(({ filter }) => filter === 'out-of-memory');
      if (descriptor.size >= faults.memory && scope) scope.failed = true;
      const buffer = watchBuffer(device.createBuffer(descriptor), descriptor.size);
      faults.onBuffer?.();
      return buffer;
    },
    createBindGroup: (descriptor) => {
      for (const { resource } of descriptor.entries) {
        const size = 'buffer' in resource ? (resource.size ?? 0) : 0;
        if (size > faults.largestBinding) throw new RangeError(`a binding of ${size} bytes`);
      }
      return device.createBindGroup(descriptor);
    },
    createShaderModule: (descriptor) =>
      device.createShaderModule({ ...descriptor, code: faults.shader?.(descriptor.code) ?? descriptor.code }),
    pushErrorScope: (filter) => {
      scopes.push({ filter, failed: false });
      return device.pushErrorScope(filter);
    },
    popErrorScope: async () => {
      const failed = scopes.pop()?.failed ?? false;
      const found = await device.popErrorScope();
      return failed ? new GPUOutOfMemoryError('no memory is left') : found;
    },
  };
  const forward = (target: object, own: object, onCall: (name: string) => void) =>
    new Proxy(target, {
      get(_, key) {
        const replaced = (own as Record<string | symbol, unknown>)[key];
        const value = replaced ?? (target as Record<string | symbol, unknown>)[key];
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          onCall(String(key));
          return replaced === undefined ? value.apply(target, args) : value(...args);
        };
      },
    });
  const queue = forward(device.queue, {}, count);
  return {
    device: forward(device, { ...methods, queue }, count) as GPUDevice,
    calls,
    bytes: () => [...live.values()].reduce((sum, size) => sum + size, 0),
    mapping: () => mapping,
    most,
    faults,
  };
}
