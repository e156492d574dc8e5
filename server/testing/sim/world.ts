import { isFinalClose } from '../../../src/protocol/sync.ts';
import { Connection } from '../../sync/connection.ts';
import { localGuest } from '../../sync/guest.ts';
import { defaultSyncLimits } from '../../sync/limits.ts';
import { noMetrics } from '../../sync/metrics.ts';
import { Rooms } from '../../sync/rooms.ts';
import { Share } from '../../sync/share.ts';
import { SimClient } from './client.ts';
import type { SimClock } from './clock.ts';
import { SimDisk } from './disk.ts';
import type { SimLink } from './link.ts';
import { SimNet } from './net.ts';
import { SimStore } from './store.ts';

const NAME = { project: 'sample', path: 'notes.md' };
/** Small, so that logs are folded, rooms are left and documents begin anew within a few edits. */
const limits = { ...defaultSyncLimits, idleMs: 20, logUpdates: 4, documentStructs: 6, catchUpMs: 100 };
/** Letters that nobody else uses. */
const FIRST_LETTER = 0xe000;
const MAX_ROUNDS = 150;
const ROUND_MS = 100;
/** In the end longer than others wait for a server that has died over a document. */
const PATIENT_ROUNDS = 40;
const PATIENT_MS = 400;

interface SimServer {
  readonly id: number;
  readonly store: SimStore;
  readonly rooms: Rooms;
}

/** Servers that can be killed, their disk, and a few people with lines that can be cut. */
export class SimWorld {
  readonly clients: SimClient[];
  readonly disk = new SimDisk(NAME);
  readonly net = new SimNet();
  readonly erased = new Set<string>();
  /** What somebody was told to be on disk. */
  promised = new Set<string>();
  promisedErased = new Set<string>();
  /** Promises that were not true when they were made. */
  readonly broken: string[] = [];
  readonly #servers: SimServer[];
  #serverIds = 0;
  /** Lines that the client has given up and the server has not noticed. */
  #ghosts: SimLink[] = [];
  readonly #clock: SimClock;
  #letters = 0;
  #ids = 0;

  /** Several servers hear one another over `net`; one alone needs nobody. */
  constructor(clock: SimClock, servers: 1 | 2) {
    this.#clock = clock;
    const isShared = servers > 1;
    this.#servers = Array.from({ length: servers }, () => this.#newServer(isShared));
    // The last one is a plain client on a line that loses, doubles and swaps frames.
    this.clients = [true, true, true, false].map((acknowledges) => this.#newClient(acknowledges));
  }

  write(client: SimClient, at: number): void {
    client.write(String.fromCharCode(FIRST_LETTER + this.#letters++), at);
  }

  erase(client: SimClient, at: number): void {
    const letter = client.erase(at);
    if (letter !== null) this.erased.add(letter);
  }

  connect(client: SimClient, at = 0): void {
    if (client.link !== null) return;
    const link = client.connect();
    const { id, rooms } = this.#serverAt(at);
    link.server = id;
    const shares = [new Share(limits)];
    rooms
      .enter(NAME, (room) => {
        const parts = { guest: localGuest, limits, turns: rooms.turns, shares, metrics: noMetrics };
        return new Connection(link.socket, room, parts);
      })
      .then(
        (connection) => {
          link.connection = connection;
          if (client.link !== link) this.#ghosts.push(link);
        },
        () => this.cut(client, true),
      );
  }

  deliver(client: SimClient, count: number): void {
    const { link } = client;
    if (link === null) return;
    for (const frame of link.toClient.splice(0, count)) client.receive(frame);
    link.deliverToServer(count);
    if (link.closedWith === null || link.toClient.length > 0) return;
    this.cut(client, true);
    // What it had that the server did not take is kept beside the document.
    if (isFinalClose(link.closedWith)) client.openAnew(this.#newId());
  }

  /** What is on its way either way is lost. */
  cut(client: SimClient, isNoticed: boolean): void {
    const { link } = client;
    client.link = null;
    if (link === null) return;
    if (isNoticed) link.connection?.leave();
    else this.#ghosts.push(link);
  }

  notice(): void {
    for (const link of this.#ghosts.splice(0)) link.connection?.leave();
  }

  work(at: number, count: number): void {
    this.#serverAt(at).store.work(count);
  }

  /** kill -9 of one server; and where the disk lied and rows are lost, of all of them. */
  crash(at: number, lost: number): void {
    const { epoch } = this.disk;
    this.disk.lose(lost);
    // What is gone with the old log is still with those who wrote it, if they are still there.
    const isLost = this.disk.epoch !== epoch;
    if (isLost) {
      this.promised = new Set();
      this.promisedErased = new Set();
    }
    const dead = isLost ? [...this.#servers.keys()] : [at % this.#servers.length];
    for (const index of dead) this.#kill(index);
  }

  /** Somebody leaves for good, with all that he had not been promised. */
  vanish(index: number): void {
    const client = this.clients[index];
    if (client === undefined) return;
    this.cut(client, true);
    this.clients[index] = this.#newClient(client.acknowledges);
  }

  /** Loses, doubles or swaps frames on the line of somebody who counts none. */
  disturb(client: SimClient, how: number): void {
    const { link } = client;
    if (link === null || client.acknowledges) return;
    const frames = how % 2 === 0 ? link.toServer : link.toClient;
    const at = how % Math.max(1, frames.length);
    const frame = frames[at];
    if (frame === undefined) return;
    if (how % 3 === 0) frames.splice(at, 1);
    else if (how % 3 === 1) frames.splice(at, 0, frame);
    else frames.push(...frames.splice(at, 1));
  }

  /** The network and the disk are well again, and everybody comes back. */
  async heal(): Promise<void> {
    for (const client of this.clients) this.cut(client, true);
    this.notice();
    this.net.mend();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      for (const [index, client] of this.clients.entries()) this.connect(client, index);
      await this.#clock.settle();
      for (let at = 0; at < this.#servers.length; at++) this.work(at, Number.POSITIVE_INFINITY);
      this.net.deliver(Number.POSITIVE_INFINITY);
      await this.#clock.settle();
      for (const client of this.clients) this.deliver(client, Number.POSITIVE_INFINITY);
      await this.#clock.settle();
      if (this.#isStill() && (await this.#look()) && this.#isStill()) return;
      await this.#clock.advance(round > PATIENT_ROUNDS ? PATIENT_MS : round > 5 ? ROUND_MS : 0);
    }
    throw new Error('It does not come to rest');
  }

  /** What a server reads that is started on this disk. */
  async onDisk(): Promise<string> {
    for (const index of this.#servers.keys()) this.#kill(index);
    const reading = this.#serverAt(0).rooms.read(NAME, (doc) => doc.getText('content').toString());
    for (let round = 0; round < 4; round++) {
      await this.#clock.settle();
      this.work(0, Number.POSITIVE_INFINITY);
    }
    return reading;
  }

  /** Every server looks once what the others wrote: what was said may have been lost. */
  async #look(): Promise<boolean> {
    let looking = this.#servers.length;
    const looked = (): void => void looking--;
    for (const { rooms } of this.#servers) rooms.look().then(looked, looked);
    for (let round = 0; round < 20 && looking > 0; round++) {
      await this.#clock.settle();
      for (let at = 0; at < this.#servers.length; at++) this.work(at, Number.POSITIVE_INFINITY);
    }
    await this.#clock.settle();
    return looking === 0;
  }

  #isStill(): boolean {
    return (
      this.net.waiting === 0 &&
      this.#servers.every(({ store }) => store.waiting === 0) &&
      this.clients.every(
        ({ link, isSaved, acknowledges }) =>
          link !== null &&
          link.closedWith === null &&
          link.connection !== null &&
          link.toServer.length + link.toClient.length === 0 &&
          (isSaved || !acknowledges),
      )
    );
  }

  #serverAt(at: number): SimServer {
    const server = this.#servers[at % this.#servers.length];
    if (server === undefined) throw new Error('There is no server');
    return server;
  }

  /** What it had in mind does not happen, or happens where nobody hears of it: its disk and its lines are cut. */
  #kill(index: number): void {
    const dead = this.#serverAt(index);
    dead.store.kill();
    this.net.gone(dead.id);
    const isOf = (link: SimLink | null): boolean => link !== null && link.server === dead.id;
    this.#ghosts = this.#ghosts.filter((link) => !isOf(link));
    for (const client of this.clients) if (isOf(client.link)) client.link = null;
    this.#servers[index] = this.#newServer(this.#servers.length > 1);
  }

  #newServer(isShared: boolean): SimServer {
    const id = ++this.#serverIds;
    const store = new SimStore(this.disk);
    const rooms = new Rooms(store, limits, noMetrics, isShared ? this.net.server(id) : null);
    void rooms.open();
    return { id, store, rooms };
  }

  #newId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  #newClient(acknowledges: boolean): SimClient {
    return new SimClient(this.#newId(), acknowledges, ({ letters, erased }) => {
      const there = this.disk.text();
      for (const letter of letters) {
        this.promised.add(letter);
        if (!there.includes(letter) && !this.erased.has(letter)) this.broken.push('a letter is not on disk');
      }
      for (const letter of erased) {
        this.promisedErased.add(letter);
        if (there.includes(letter)) this.broken.push('a deletion is not on disk');
      }
    });
  }
}
