import type { Device, Executable, Session } from '../../../device.ts';
import type { WebgpuDevice } from '../device.ts';

/** The device with all of a session's arena made NaN before each run: nobody lives off what a run before left. */
export function poisoned(device: WebgpuDevice): Device {
  return {
    info: device.info,
    lost: device.lost,
    ceilings: () => device.ceilings(),
    dispose: () => device.dispose(),
    open: async (state) => {
      const session = await device.open(state);
      const compile = async (program: Parameters<Session['compile']>[0]): Promise<Executable> => {
        const executable = await session.compile(program);
        return {
          dispose: () => executable.dispose(),
          run: async (feeds) => {
            // Not waited for: it takes its turn before the run.
            const poison = session.fillArena(0x7fc0_dead);
            const outputs = await executable.run(feeds);
            await poison;
            return outputs;
          },
        };
      };
      return {
        compile,
        write: (name, values) => session.write(name, values),
        read: (name) => session.read(name),
        memoryBytes: () => session.memoryBytes(),
        dispose: () => session.dispose(),
      };
    },
  };
}
