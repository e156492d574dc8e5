import { networkOf } from '../http/client-address.ts';
import { Backlog } from './backlog.ts';
import type { SyncLimits } from './limits.ts';
import { Share } from './share.ts';

/** What the sockets of one address have together. */
interface Address {
  readonly share: Share;
  readonly backlog: Backlog;
  connections: number;
}

/** How long an address is remembered after its last socket: coming back at once makes nobody new. */
const REMEMBERED_MS = 60_000;

/** What is by address alone. */
export type AddressLimits = Pick<
  SyncLimits,
  | 'addressConnections'
  | 'addressUnwrittenBytes'
  | 'addressBytesPerSecond'
  | 'addressMessagesPerSecond'
  | 'addressMsPerSecond'
> & { readonly addressOwedSeconds?: number };

/** Counts and rates by address: opening more sockets gives nobody more of the server. */
export class Addresses {
  readonly #limits: AddressLimits;
  readonly #known = new Map<string, Address>();
  readonly #leaving = new Map<string, NodeJS.Timeout>();

  constructor(limits: AddressLimits) {
    this.#limits = limits;
  }

  /** What an address has, held until `release`; null where it has too many sockets already. */
  enter(
    ip: string,
  ): { readonly share: Share; readonly backlog: Backlog; readonly release: () => void } | null {
    const key = networkOf(ip);
    const address = this.#known.get(key) ?? this.#add(key);
    if (address.connections >= this.#limits.addressConnections) return null;
    clearTimeout(this.#leaving.get(key));
    this.#leaving.delete(key);
    address.connections += 1;
    let released = false;
    return {
      share: address.share,
      backlog: address.backlog,
      release: () => {
        if (released) return;
        released = true;
        address.connections -= 1;
        if (address.connections > 0) return;
        this.#forgetLater(key, address);
      },
    };
  }

  /** While something of it is not on disk yet it is not new either. */
  #forgetLater(key: string, address: Address): void {
    const timer = setTimeout(() => {
      this.#leaving.delete(key);
      if (address.backlog.isEmpty) this.#known.delete(key);
      else this.#forgetLater(key, address);
    }, REMEMBERED_MS);
    timer.unref();
    this.#leaving.set(key, timer);
  }

  dispose(): void {
    for (const timer of this.#leaving.values()) clearTimeout(timer);
  }

  #add(key: string): Address {
    const limits = this.#limits;
    const share = new Share({
      bytesPerSecond: limits.addressBytesPerSecond,
      messagesPerSecond: limits.addressMessagesPerSecond,
      msPerSecond: limits.addressMsPerSecond,
      ...(limits.addressOwedSeconds === undefined ? {} : { owedSeconds: limits.addressOwedSeconds }),
    });
    const address = { share, backlog: new Backlog(limits.addressUnwrittenBytes), connections: 0 };
    this.#known.set(key, address);
    return address;
  }
}
