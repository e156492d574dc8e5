import { AnnealError } from '../base/error.ts';
import { protocolErrors } from '../protocol/errors.ts';
import { CloseCode } from '../protocol/sync.ts';

/** Fetches what a socket needs to be let in: subprotocols that work once. Empty where nobody has to sign in. */
export type Tickets = (project: string, path: string) => Promise<readonly string[]>;

/** Like a network that is not there: tried again later. */
const ABNORMAL = 1006;

/** The close code that the server would have closed the socket with. */
function codeOf(thrown: unknown): number {
  const code = thrown instanceof AnnealError ? thrown.code : null;
  if (code === protocolErrors.notSignedIn.code) return CloseCode.unauthorized;
  if (code === protocolErrors.forbidden.code) return CloseCode.forbidden;
  if (code === protocolErrors.projectNotFound.code) return CloseCode.projectNotFound;
  return ABNORMAL;
}

/**
 * A WebSocket, as far as y-websocket uses one, that fetches its ticket before it opens: each attempt to connect
 * makes a new one, so every attempt has a ticket of its own. Where there is none it closes as the server would.
 */
export function admittedSocket(
  Base: typeof WebSocket,
  tickets: () => Promise<readonly string[]>,
): typeof WebSocket {
  return class AdmittedSocket {
    readonly CONNECTING = 0;
    readonly OPEN = 1;
    readonly CLOSING = 2;
    readonly CLOSED = 3;
    binaryType: BinaryType = 'arraybuffer';
    onopen: ((event: Event) => void) | null = null;
    onmessage: ((event: MessageEvent) => void) | null = null;
    onerror: ((event: Event) => void) | null = null;
    onclose: ((event: Pick<CloseEvent, 'code' | 'reason'>) => void) | null = null;
    #socket: WebSocket | null = null;
    #over = false;

    constructor(url: string | URL, protocols: string | string[] = []) {
      tickets().then(
        (found) => this.#open(url, [protocols, ...found].flat()),
        (thrown: unknown) => {
          if (this.#over) return;
          this.#over = true;
          const reason = thrown instanceof Error ? thrown.message : String(thrown);
          this.onclose?.({ code: codeOf(thrown), reason });
        },
      );
    }

    get readyState(): number {
      return this.#socket?.readyState ?? (this.#over ? this.CLOSED : this.CONNECTING);
    }

    send(data: string | BufferSource | Blob): void {
      this.#socket?.send(data);
    }

    close(): void {
      this.#over = true;
      this.#socket?.close();
    }

    #open(url: string | URL, protocols: string[]): void {
      if (this.#over) return; // it was given up meanwhile; the ticket runs out by itself
      const socket = new Base(url, protocols);
      socket.binaryType = this.binaryType;
      socket.onopen = (event) => this.onopen?.(event);
      socket.onmessage = (event) => this.onmessage?.(event);
      socket.onerror = (event) => this.onerror?.(event);
      socket.onclose = (event) => this.onclose?.(event);
      this.#socket = socket;
    }
  } as unknown as typeof WebSocket;
}
