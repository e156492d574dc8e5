import type { AnnealError } from '../../../base/error.ts';
import type { Device, Outputs } from '../../device.ts';
import { createReferenceDevice } from '../../devices/reference/device.ts';
import { deviceErrors } from '../../errors.ts';

/** What happens in run `after` + 1 of the program `program`, and in all later ones. */
export interface Fault {
  readonly program: string;
  readonly after: number;
  readonly what: 'lost' | 'hangs' | 'out of memory' | ((outputs: Outputs) => Outputs);
}

/** The reference device, until it fails as told. A device that hangs is lost without its promise ever settling. */
export function faultyDevice(fault: Fault, name: Device['info']['name'] = 'tfjs-webgpu'): Device {
  const inner = createReferenceDevice();
  let lose: (error: AnnealError) => void = () => {};
  const lost = new Promise<AnnealError>((resolve) => {
    lose = resolve;
  });
  let runs = 0;
  return {
    ...inner,
    info: { ...inner.info, name },
    lost,
    async open(state) {
      const session = await inner.open(state);
      return {
        write: (key, values) => session.write(key, values),
        read: (key) => session.read(key),
        memoryBytes: () => session.memoryBytes(),
        dispose: () => session.dispose(),
        async compile(program) {
          const executable = await session.compile(program);
          if (program.name !== fault.program) return executable;
          return {
            dispose: () => executable.dispose(),
            async run(feeds) {
              if (runs++ < fault.after) return executable.run(feeds);
              switch (fault.what) {
                case 'out of memory':
                  throw deviceErrors.outOfMemory();
                case 'lost':
                  lose(deviceErrors.lost());
                  throw deviceErrors.lost();
                case 'hangs':
                  lose(deviceErrors.lost());
                  return new Promise<Outputs>(() => {});
                default:
                  return fault.what(await executable.run(feeds));
              }
            },
          };
        },
      };
    },
  };
}
