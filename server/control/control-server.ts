import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { toAnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { type ControlAnswer, type ControlCommand, parseCommand } from './commands.ts';
import { controlPath } from './control-path.ts';

/** Does what a command says; what it resolves with is the answer. */
export type Control = (command: ControlCommand, progress: (line: string) => void) => Promise<unknown>;

/**
 * Listens in the data folder for `npx anneal backup` and the like. Nobody is asked for a password: whoever can
 * open the socket can write into the folder, and so do whatever he likes with it.
 */
export class ControlServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** The folder's database must be open, so that no other server listens there. Null where there can be no socket. */
  static async open(folder: string, control: Control): Promise<ControlServer | null> {
    const path = controlPath(folder);
    if (path === null) return null;
    if (process.platform !== 'win32') await rm(path, { force: true }); // of a server that was killed
    const server = createServer();
    const listening = new ControlServer(server);
    server.on('connection', (socket) => listening.#serve(socket, control));
    const opened = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)); // a file system that has no sockets
      server.listen(path, () => resolve(true));
    });
    if (!opened) return null;
    if (process.platform !== 'win32') await chmod(path, 0o600);
    server.unref();
    return listening;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(socket: Socket, control: Control): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const answer = (value: ControlAnswer): void => {
      if (socket.writable) socket.write(`${JSON.stringify(value)}\n`);
    };
    let last: Promise<void> = Promise.resolve();
    const lines = createInterface(socket);
    lines.on('error', () => socket.destroy());
    lines.on('line', (line) => {
      last = last.then(async () => {
        const command = parseCommand(line);
        try {
          if (command === null) throw protocolErrors.badRequest({ where: 'the control socket' });
          answer({ output: await control(command, (progress) => answer({ progress })) });
        } catch (error) {
          answer({ facts: toAnnealError(error, protocolErrors.internal).toJSON() });
        }
      });
    });
  }
}
