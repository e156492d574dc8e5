import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as sync from 'y-protocols/sync';
import * as Y from 'yjs';
import { ACK_SUBPROTOCOL, MessageType, SyncMessageType, TEXT_ROOT } from '../../../src/protocol/sync.ts';
import { SimLink } from './link.ts';

/** What a client knew when it sent a content frame: once that is acknowledged, all of this is on disk. */
interface Claim {
  readonly letters: string;
  readonly erased: ReadonlySet<string>;
}

/**
 * An editor in the reference implementation of the protocols: it sends its edits as it makes them, answers the
 * server's step 1 with all that is missing there, and counts. Every letter that it writes is unique.
 */
export class SimClient {
  doc: Y.Doc;
  readonly acknowledges: boolean;
  readonly erased = new Set<string>();
  link: SimLink | null = null;
  epoch: number | null = null;
  /** What it does not send before something else, and what that is. */
  #held: { readonly update: Uint8Array; readonly letter: string; readonly erased: boolean }[] = [];
  #isHolding = false;
  #making: { readonly letter: string; readonly erased: boolean } = { letter: '', erased: false };
  #claims: Claim[] = [];
  #answered = 0;
  #durable = 0;
  readonly #onClaim: (claim: Claim) => void;

  constructor(clientId: number, acknowledges: boolean, onClaim: (claim: Claim) => void) {
    this.doc = this.#open(clientId);
    this.acknowledges = acknowledges;
    this.#onClaim = onClaim;
  }

  /** The document has begun anew: what this one had that is not on the server is kept beside it. */
  openAnew(clientId: number): void {
    this.doc = this.#open(clientId);
    this.erased.clear();
  }

  #open(clientId: number): Y.Doc {
    const doc = new Y.Doc();
    doc.clientID = clientId;
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === this || this.link === null) return;
      if (this.#isHolding) this.#held.push({ update, ...this.#making });
      else this.#content((encoder) => sync.writeUpdate(encoder, update));
    });
    return doc;
  }

  /** Writes something and sends it later: what is written after it overtakes it. */
  holdBack(write: () => void): void {
    this.#isHolding = true;
    write();
    this.#isHolding = false;
  }

  /** Sends what was held back. */
  flush(): void {
    for (let next = this.#held.shift(); next !== undefined; next = this.#held.shift()) {
      const { update } = next;
      this.#content((encoder) => sync.writeUpdate(encoder, update));
    }
  }

  get text(): Y.Text {
    return this.doc.getText(TEXT_ROOT);
  }

  /** All that it sent is on the server's disk, as far as it has been told. */
  get isSaved(): boolean {
    return this.#answered > 0 && this.#durable === this.#claims.length;
  }

  write(letter: string, at: number): void {
    this.#making = { letter, erased: false };
    this.text.insert(at % (this.text.length + 1), letter);
  }

  erase(at: number): string | null {
    if (this.text.length === 0) return null;
    const index = at % this.text.length;
    const letter = this.text.toString()[index] ?? '';
    this.#making = { letter, erased: true };
    this.erased.add(letter);
    this.text.delete(index, 1);
    return letter;
  }

  connect(): SimLink {
    this.link = new SimLink(this.acknowledges ? ACK_SUBPROTOCOL : '');
    this.#held = []; // its answer to step 1 has all of it
    this.#claims = [];
    this.#answered = 0;
    this.#durable = 0;
    this.#send((encoder) => sync.writeSyncStep1(encoder, this.doc));
    return this.link;
  }

  receive(frame: Uint8Array): void {
    const decoder = decoding.createDecoder(frame);
    const type = decoding.readVarUint(decoder);
    if (type === MessageType.durable) {
      this.epoch = decoding.readVarUint(decoder);
      decoding.readVarUint(decoder);
      this.#durable = decoding.readVarUint(decoder);
      // Before the answer to step 1 only single edits were sent, not what was made offline.
      const claim = this.#claims[this.#durable - 1];
      if (claim !== undefined && this.#answered > 0 && this.#durable >= this.#answered) this.#onClaim(claim);
    } else if (type === MessageType.sync) {
      const reply = encoding.createEncoder();
      if (sync.readSyncMessage(decoder, reply, this.doc, this) !== SyncMessageType.step1) return;
      this.#content((encoder) => encoding.writeUint8Array(encoder, encoding.toUint8Array(reply)));
      this.#answered ||= this.#claims.length;
    }
  }

  #content(write: (encoder: encoding.Encoder) => void): void {
    const held = (erased: boolean): string =>
      this.#held.flatMap((one) => (one.erased === erased ? [one.letter] : [])).join('');
    const [unsent, unerased] = [held(false), held(true)];
    this.#claims.push({
      letters: [...this.text.toString()].filter((letter) => !unsent.includes(letter)).join(''),
      erased: new Set([...this.erased].filter((letter) => !unerased.includes(letter))),
    });
    this.#send(write);
  }

  #send(write: (encoder: encoding.Encoder) => void): void {
    this.link?.toServer.push(
      encoding.encode((encoder) => {
        encoding.writeVarUint(encoder, MessageType.sync);
        write(encoder);
      }),
    );
  }
}
