import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { AnnealError } from '../../src/base/error.ts';
import { serverErrors } from '../errors.ts';
import { type ControlCommand, parseAnswer } from './commands.ts';
import { controlPath } from './control-path.ts';

/** The server that has a data folder open, as a command beside it talks to it. */
export class ControlClient {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;
  readonly #folder: string;

  private constructor(socket: Socket, folder: string) {
    this.#socket = socket;
    this.#folder = folder;
    const lines = createInterface(socket);
    lines.on('error', () => socket.destroy());
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** Null where no server has the folder open. */
  static async connect(folder: string): Promise<ControlClient | null> {
    const path = controlPath(folder);
    if (path === null) return null;
    const socket = connect(path);
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.on('error', () => socket.destroy());
    return connected ? new ControlClient(socket, folder) : null;
  }

  /** Errors: those of the command, and controlFailed. */
  async call(command: ControlCommand, progress: (line: string) => void = () => undefined): Promise<unknown> {
    this.#socket.write(`${JSON.stringify(command)}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      const answer = done === true ? null : parseAnswer(value);
      if (answer === null) throw serverErrors.controlFailed({ where: this.#folder });
      if ('progress' in answer) progress(answer.progress);
      else if ('facts' in answer) throw new AnnealError(answer.facts);
      else return answer.output;
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
