import { randomBytes } from 'node:crypto';
import { createConnection, type Socket } from 'node:net';

export interface RawSocketOptions {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly protocol: string | null;
  /** The address it comes from: anything under 127.0.0.0/8. */
  readonly from: string;
  readonly onOpen: () => void;
  /** Called for each message with its bytes, which are valid until the call returns. */
  readonly onMessage: (payload: Buffer) => void;
  readonly onClose: (why: string) => void;
}

const Opcode = { binary: 2, close: 8, ping: 9, pong: 10 } as const;

/**
 * A WebSocket client of the few lines that a load generator needs (RFC 6455), so that the generator's own work
 * stays small beside the server's. Its masking key is zero: servers undo it all the same.
 */
export class RawSocket {
  readonly #socket: Socket;
  readonly #options: RawSocketOptions;
  #unread: Buffer = Buffer.alloc(0);
  #open = false;

  constructor(options: RawSocketOptions) {
    this.#options = options;
    const { host, port, path, protocol, from } = options;
    this.#socket = createConnection({ host, port, localAddress: from, noDelay: true });
    const offer = protocol === null ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n${offer}\r\n`,
    );
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('error', (error) => options.onClose(error.message));
    this.#socket.on('close', () => options.onClose('the socket was closed'));
  }

  send(payload: Uint8Array): void {
    this.#frame(Opcode.binary, payload);
  }

  end(): void {
    this.#frame(Opcode.close, Uint8Array.of(0x03, 0xe8));
    this.#socket.end();
  }

  #frame(opcode: number, payload: Uint8Array): void {
    const { length } = payload;
    const header = length < 126 ? 6 : 8;
    if (length > 0xffff) throw new Error('The load generator sends no frames of more than 64 kB');
    const frame = Buffer.alloc(header + length);
    frame[0] = 0x80 | opcode;
    if (length < 126) frame[1] = 0x80 | length;
    else {
      frame[1] = 0x80 | 126;
      frame.writeUInt16BE(length, 2);
    }
    frame.set(payload, header);
    this.#socket.write(frame);
  }

  #read(chunk: Buffer): void {
    let data = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    if (!this.#open) {
      const end = data.indexOf('\r\n\r\n');
      if (end < 0) {
        this.#unread = data;
        return;
      }
      const status = data.toString('latin1', 0, data.indexOf('\r\n'));
      if (!status.includes(' 101 ')) {
        this.#options.onClose(status);
        return;
      }
      this.#open = true;
      this.#options.onOpen();
      data = data.subarray(end + 4);
    }
    for (;;) {
      const used = this.#message(data);
      if (used === 0) break;
      data = data.subarray(used);
    }
    this.#unread = data;
  }

  /** Answers with the bytes that the first message took; 0 where it is not all there. */
  #message(data: Buffer): number {
    if (data.length < 2) return 0;
    const short = (data[1] ?? 0) & 0x7f;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (data.length < header) return 0;
    const length =
      short < 126 ? short : short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
    const end = header + length;
    if (data.length < end) return 0;
    const payload = data.subarray(header, end);
    const opcode = (data[0] ?? 0) & 0x0f;
    if (opcode === Opcode.binary) this.#options.onMessage(payload);
    else if (opcode === Opcode.ping) this.#frame(Opcode.pong, payload);
    else if (opcode === Opcode.close)
      this.#options.onClose(`${length < 2 ? 1005 : payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`);
    return end;
  }
}
