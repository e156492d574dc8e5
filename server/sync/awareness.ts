import { z } from 'zod';
import type { Role } from '../../src/domain/access/roles.ts';
import { personIdSchema } from '../../src/protocol/review.ts';
import { awarenessUserSchema, MAX_AWARENESS_BYTES } from '../../src/protocol/sync.ts';
import { type Principal, personIdOf } from '../access/principal.ts';
import { Cursor, MalformedBytes } from './cursor.ts';
import { type AwarenessEntry, awarenessFrame } from './frames.ts';

/** The socket's side of awareness. */
export interface AwarenessPeer {
  send(frame: Uint8Array): void;
  /** Who is at the socket, as far as the server knows. */
  readonly guest: { readonly principal: Principal; role(): Role | null };
  /** Somebody else claims this socket's client id: is it still alive? If not, it will leave the room. */
  probe(): void;
}

/** Who an editor says that it is; the same in all tabs of one person. */
export interface SaidPerson {
  readonly id: string;
  readonly name: string;
}

interface Member {
  /** Null for somebody who left, and for one who is at another server. */
  peer: AwarenessPeer | null;
  /** He is at another server, which was heard of him last. */
  elsewhere: boolean;
  /** What others were told last. */
  clock: number;
  state: string;
  /** When that was, in milliseconds of the heartbeat's clock. */
  told: number;
}

const saidSchema = z.object({
  person: personIdSchema,
  user: z.object({ name: z.string().trim().min(1).max(64) }),
});

const MAX_ENTRIES = 10_000;
/** Longer than an echo of somebody who has just left is on its way. */
const ECHO_MS = 5_000;
/** Another server says this often enough that somebody is still there; one that was killed says nothing more. */
const ELSEWHERE_MS = 45_000;
const NOBODY = 'null';
/** Those who left are remembered for their clocks, the last ones only. */
const MAX_MEMBERS = 2_000;
/** Of states in one frame, and of all frames that go out at once; who is left out comes with the next. */
const MAX_FRAME_BYTES = 1024 * 1024;
const MAX_ROUND_BYTES = 4 * 1024 * 1024;
/** Telling who is there takes at most one part in so many of the server's time. */
const TELLING_SHARE = 20;

/**
 * Who is in a room. In plain y-websocket any frame can fake or remove anybody; here a socket speaks for the one
 * client id that it sent first, and for no other as long as it lives.
 *
 * y-websocket sends back whatever it hears of others, so a frame about somebody proves nothing once its sender
 * may have heard of them. Hence a socket is told who is there only when it has introduced itself: y-websocket
 * does so before it answers the server's sync step 1.
 */
export class RoomAwareness {
  readonly #members = new Map<number, Member>();
  readonly #clientOf = new Map<AwarenessPeer, number>();
  readonly #introduced = new Set<AwarenessPeer>();
  /** A socket that claims an id whose socket may be dead; gets it when that one leaves. */
  readonly #claims = new Map<number, { peer: AwarenessPeer; state: string; clock: number }>();
  readonly #peers: ReadonlySet<AwarenessPeer>;
  readonly #intervalMs: number;
  readonly #changed = new Set<number>();
  #timer: NodeJS.Timeout | null = null;
  #lastFlush = Number.NEGATIVE_INFINITY;
  #lastTook = 0;
  readonly #tellServers: (frame: Uint8Array) => void;

  constructor(
    peers: ReadonlySet<AwarenessPeer>,
    intervalMs: number,
    tellServers: (frame: Uint8Array) => void = () => undefined,
  ) {
    this.#peers = peers;
    this.#tellServers = tellServers;
    this.#intervalMs = intervalMs;
  }

  /**
   * Reads the payload of an awareness frame. Throws MalformedBytes. One state of a frame is read, however many
   * there are: the socket's own, or the first that it may take for its own.
   */
  receive(peer: AwarenessPeer, payload: Uint8Array): void {
    const cursor = new Cursor(payload);
    const count = cursor.varUint();
    if (count > MAX_ENTRIES) throw new MalformedBytes('too many awareness entries');
    let claimed = false;
    let own: { readonly client: number; readonly clock: number; readonly state: Uint8Array } | null = null;
    for (let i = 0; i < count; i++) {
      const entry = { client: cursor.varUint(), clock: cursor.varUint(), state: cursor.varBytes() };
      const speaksFor = this.#clientOf.get(peer);
      if (speaksFor === entry.client) own = entry;
      if (speaksFor !== undefined || isNobody(entry.state)) continue;
      if (this.#mayBind(peer, entry.client)) {
        this.#bind(peer, entry.client);
        own = entry;
      } else if (!claimed) {
        claimed = true;
        this.#claim(peer, entry.client, entry.clock, entry.state);
      }
    }
    if (own !== null) this.#update(own.client, own.clock, cleanState(own.state, peer));
  }

  /** What the server says of the peer has changed: the others see it at once. */
  renamed(peer: AwarenessPeer): void {
    const client = this.#clientOf.get(peer);
    const member = client === undefined ? undefined : this.#members.get(client);
    if (client === undefined || member === undefined || member.state === NOBODY) return;
    this.#update(client, member.clock, cleanState(Buffer.from(member.state), peer));
  }

  /** The Yjs client that the socket's editor writes as; null while it has not said it. */
  speaksFor(peer: AwarenessPeer): number | null {
    return this.#clientOf.get(peer) ?? null;
  }

  /** Null while the socket has not said it. */
  saidBy(peer: AwarenessPeer): SaidPerson | null {
    const client = this.#clientOf.get(peer);
    const state = client === undefined ? undefined : this.#members.get(client)?.state;
    const parsed = saidSchema.safeParse(state === undefined ? null : JSON.parse(state));
    return parsed.success ? { id: parsed.data.person, name: parsed.data.user.name } : null;
  }

  /** Everybody's state, for one who has just come; null where nobody is there. */
  everybody(except?: AwarenessPeer): Uint8Array | null {
    const entries: AwarenessEntry[] = [];
    let bytes = 0;
    for (const [client, { peer, clock, state }] of this.#members) {
      if (state === NOBODY || peer === except) continue;
      bytes += state.length;
      if (bytes > MAX_FRAME_BYTES) break;
      entries.push({ client, clock, state });
    }
    return entries.length === 0 ? null : awarenessFrame(entries);
  }

  /** What another server says of who is there, in the payload of its awareness frame. */
  hear(payload: Uint8Array): void {
    const cursor = new Cursor(payload);
    for (let left = cursor.varUint(); left > 0; left--) {
      const client = cursor.varUint();
      const clock = cursor.varUint();
      const state = cursor.varString();
      const member = this.#members.get(client);
      if (member === undefined) {
        if (state === NOBODY || this.#members.size >= MAX_MEMBERS) continue;
        this.#members.set(client, { peer: null, elsewhere: true, clock, state, told: 0 });
      } else if (member.peer === null) {
        member.elsewhere = true;
        member.clock = Math.max(clock, member.clock + 1);
        member.state = state;
      } else if (state !== NOBODY) {
        continue; // both have a socket that says it; ours is told here
      } else {
        member.clock++; // he left there and came here
      }
      this.#mark(client);
    }
  }

  /** Who is at this server, for another one that asks; null where nobody is. */
  here(): Uint8Array | null {
    const entries = [...this.#members]
      .filter(([, member]) => member.peer !== null && member.state !== NOBODY)
      .map(([client, { clock, state }]) => ({ client, clock, state }));
    return entries.length === 0 ? null : awarenessFrame(entries);
  }

  /** The peer has said who it is, or will not: from now on it hears of the others. */
  introduce(peer: AwarenessPeer): void {
    if (this.#introduced.has(peer)) return;
    this.#introduced.add(peer);
    const others = this.everybody(peer);
    if (others !== null) peer.send(others);
  }

  leave(peer: AwarenessPeer): void {
    this.#introduced.delete(peer);
    const client = this.#clientOf.get(peer);
    this.#clientOf.delete(peer);
    if (client === undefined) return;
    const member = this.#members.get(client);
    if (member === undefined) return;
    member.peer = null;
    const claim = this.#claims.get(client);
    this.#claims.delete(client);
    if (claim !== undefined && this.#peers.has(claim.peer)) {
      this.#bind(claim.peer, client);
      this.#update(client, claim.clock, claim.state);
    } else {
      this.#update(client, member.clock + 1, NOBODY);
    }
  }

  /**
   * Editors drop who was silent for 30 s, and a browser slows the timers of a tab in the background: whoever
   * is connected is renewed from here.
   */
  renew(now: number, olderThanMs: number): void {
    for (const [client, member] of this.#members) {
      if (member.state === NOBODY) continue;
      if (member.elsewhere) {
        if (now - member.told < ELSEWHERE_MS) continue;
        member.state = NOBODY; // its server is gone
      } else if (now - member.told < olderThanMs) continue;
      member.clock++;
      this.#mark(client);
    }
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #mayBind(peer: AwarenessPeer, client: number): boolean {
    const member = this.#members.get(client);
    if (member === undefined) return true;
    if (member.peer !== null) return false;
    // Whoever was at a server that died comes here and speaks before he hears anything; all else is an echo.
    if (member.elsewhere && member.state !== NOBODY) return !this.#introduced.has(peer);
    return !this.#introduced.has(peer) || performance.now() - member.told > ECHO_MS;
  }

  #bind(peer: AwarenessPeer, client: number): void {
    this.#clientOf.set(peer, client);
    const member = this.#members.get(client);
    if (member === undefined)
      this.#members.set(client, { peer, elsewhere: false, clock: -1, state: NOBODY, told: 0 });
    else Object.assign(member, { peer, elsewhere: false });
    if (this.#members.size <= MAX_MEMBERS) return;
    for (const [id, { peer: owner }] of this.#members) {
      if (owner === null) this.#members.delete(id);
      if (this.#members.size <= MAX_MEMBERS) return;
    }
  }

  /** After a reconnect an editor goes on with its old clock, which others would take for old news. */
  #update(client: number, clock: number, state: string | null): void {
    const member = this.#members.get(client);
    if (member === undefined || state === null || state === member.state) return;
    member.clock = Math.max(clock, member.clock + 1);
    member.state = state;
    this.#mark(client);
  }

  #claim(peer: AwarenessPeer, client: number, clock: number, bytes: Uint8Array): void {
    if (this.#introduced.has(peer)) return;
    const owner = this.#members.get(client)?.peer;
    if (owner === null || owner === undefined) return;
    const state = cleanState(bytes, peer);
    if (state === null) return;
    this.#claims.set(client, { peer, state, clock });
    owner.probe();
  }

  #mark(client: number): void {
    this.#changed.add(client);
    if (this.#timer !== null) return;
    const interval = Math.max(this.#intervalMs, TELLING_SHARE * this.#lastTook);
    const wait = Math.max(0, this.#lastFlush + interval - performance.now());
    this.#timer = setTimeout(() => this.#flush(), wait);
  }

  /** One frame for all that changed since the last: cursors move more often than anybody can see. */
  #flush(): void {
    this.#timer = null;
    this.#lastFlush = performance.now();
    const entries: (AwarenessEntry & { readonly peer: AwarenessPeer | null })[] = [];
    const here: AwarenessEntry[] = [];
    let room = Math.min(MAX_FRAME_BYTES, MAX_ROUND_BYTES / Math.max(1, this.#introduced.size));
    for (const client of this.#changed) {
      if (room < 0) break;
      this.#changed.delete(client);
      const member = this.#members.get(client);
      if (member === undefined) continue;
      room -= member.state.length;
      member.told = this.#lastFlush;
      const entry = { client, clock: member.clock, state: member.state, peer: member.peer };
      entries.push(entry);
      if (!member.elsewhere) here.push(entry);
    }
    if (here.length > 0) this.#tellServers(awarenessFrame(here));
    const all = awarenessFrame(entries);
    const speakers = new Set(entries.map((entry) => entry.peer));
    for (const peer of this.#introduced) {
      if (!speakers.has(peer)) peer.send(all);
      else {
        const others = entries.filter((entry) => entry.peer !== peer);
        if (others.length > 0) peer.send(awarenessFrame(others));
      }
    }
    this.#lastTook = performance.now() - this.#lastFlush;
    const [left] = this.#changed;
    if (left !== undefined) this.#mark(left);
  }
}

function isNobody(state: Uint8Array): boolean {
  return state.length === NOBODY.length && Buffer.from(state).toString('latin1') === NOBODY;
}

/** The state with a `user` that others can show, as JSON; null where it is none or too long. */
function cleanState(bytes: Uint8Array, { guest }: AwarenessPeer): string | null {
  if (bytes.length > MAX_AWARENESS_BYTES) return null;
  try {
    const state: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (state === null) return NOBODY;
    if (typeof state !== 'object' || Array.isArray(state)) return null;
    const { user, ...rest } = state as Record<string, unknown>;
    if (user === undefined && guest.principal.name === null) return JSON.stringify(rest);
    const known = { ...rest, user: cleanUser(user, guest) };
    // Who signs in is who he is: else he could stand there as another, under that one's colour and mentions.
    const { principal } = guest;
    return JSON.stringify(principal.name === null ? known : { ...known, person: personIdOf(principal) });
  } catch {
    return null; // no JSON, or nested deeper than it can be written
  }
}

function cleanUser(user: unknown, guest: AwarenessPeer['guest']): Record<string, unknown> {
  const raw: { name?: unknown; color?: unknown } = typeof user === 'object' && user !== null ? user : {};
  const name = guest.principal.name ?? (typeof raw.name === 'string' ? raw.name : '');
  const color = awarenessUserSchema.shape.color.safeParse(raw.color);
  return {
    ...raw,
    name: tidy(name) || 'Somebody',
    color: color.success ? color.data : '#808080',
    role: guest.role() ?? undefined,
  };
}

/** One line, without characters that hide or reorder others. */
function tidy(name: string): string {
  const visible = name.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return [...visible.trim()].slice(0, 64).join('').trim();
}
