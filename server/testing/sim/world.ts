import { Connection } from '../../sync/connection.ts';
import { localGuest } from '../../sync/guest.ts';
import { defaultSyncLimits } from '../../sync/limits.ts';
import { noMetrics } from '../../sync/metrics.ts';
import { Rooms } from '../../sync/rooms.ts';
import { Share } from '../../sync/share.ts';
import { SimClient } from './client.ts';
import type { SimClock } from './clock.ts';
import { SimDisk, SimStore } from './disk.ts';
import type { SimLink } from './link.ts';

const NAME = { project: 'sample', path: 'notes.md' };
/** Small, so that logs are folded and rooms are left within a few edits. */
const limits = { ...defaultSyncLimits, idleMs: 20, logUpdates: 4 };
/** Letters that nobody else uses. */
const FIRST_LETTER = 0xe000;

/** A server that can be killed, its disk, and a few people with lines that can be cut. */
export class SimWorld {
  readonly clients: SimClient[];
  readonly disk = new SimDisk();
  readonly erased = new Set<string>();
  /** What somebody was told to be on disk. */
  promised = new Set<string>();
  promisedErased = new Set<string>();
  /** Promises that were not true when they were made. */
  readonly broken: string[] = [];
  #store = new SimStore(this.disk);
  #rooms = new Rooms(this.#store, limits);
  /** Lines that the client has given up and the server has not noticed. */
  #ghosts: SimLink[] = [];
  readonly #clock: SimClock;
  #letters = 0;
  #ids = 0;

  constructor(clock: SimClock) {
    this.#clock = clock;
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

  connect(client: SimClient): void {
    if (client.link !== null) return;
    const link = client.connect();
    const rooms = this.#rooms;
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
    if (link.closedWith !== null && link.toClient.length === 0) this.cut(client, true);
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

  work(count: number): void {
    this.#store.work(count);
  }

  /** kill -9; and where rows are lost, a disk that had lied about them. */
  crash(lost: number): void {
    this.#store.kill();
    this.#clock.forget();
    this.#ghosts = [];
    for (const client of this.clients) client.link = null;
    const { epoch } = this.disk;
    this.disk.lose(lost);
    // What is gone with the old log is still with those who wrote it, if they are still there.
    if (this.disk.epoch !== epoch) {
      this.promised = new Set();
      this.promisedErased = new Set();
    }
    this.#store = new SimStore(this.disk);
    this.#rooms = new Rooms(this.#store, limits);
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
    for (let round = 0; round < 60; round++) {
      for (const client of this.clients) this.connect(client);
      await this.#clock.settle();
      this.work(Number.POSITIVE_INFINITY);
      await this.#clock.settle();
      for (const client of this.clients) this.deliver(client, Number.POSITIVE_INFINITY);
      await this.#clock.settle();
      if (this.#isStill()) return;
    }
    throw new Error('It does not come to rest');
  }

  /** What a server reads that is started on this disk. */
  async onDisk(): Promise<string> {
    this.crash(0);
    const reading = this.#rooms.read(NAME, (doc) => doc.getText('content').toString());
    for (let round = 0; round < 4; round++) {
      await this.#clock.settle();
      this.work(Number.POSITIVE_INFINITY);
    }
    return reading;
  }

  #isStill(): boolean {
    return (
      this.#store.waiting === 0 &&
      this.clients.every(
        ({ link, isSaved, acknowledges }) =>
          link !== null &&
          link.connection !== null &&
          link.toServer.length + link.toClient.length === 0 &&
          (isSaved || !acknowledges),
      )
    );
  }

  #newClient(acknowledges: boolean): SimClient {
    this.#ids += 1;
    return new SimClient(this.#ids, acknowledges, ({ letters, erased }) => {
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
