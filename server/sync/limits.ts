import { MAX_SYNC_MESSAGE_BYTES } from '../../src/protocol/sync.ts';

/** Bounds on what one socket and one room may use. */
export interface SyncLimits {
  readonly messageBytes: number;
  /** Of a document's state, encoded. */
  readonly documentBytes: number;
  /**
   * Of a document, live and deleted. Half of any of these and it begins anew when nobody is in it, where its
   * content alone is much less (rotation.ts).
   */
  readonly documentStructs: number;
  readonly documentClients: number;
  /** How long is waited for the answer to the server's step 1, where an update builds on what is to be in it. */
  readonly answerMs: number;
  /** Artifacts that those who came by one link may name in one project, and did not send (projects/claims.ts). */
  readonly linkClaims: number;
  /** Written to a socket and not taken by the other side; beyond it the socket is dropped and resyncs. */
  readonly bufferedBytes: number;
  readonly connections: number;
  /** In one document. */
  readonly roomConnections: number;
  /** Of frames that wait for their turn; beyond either the socket is not read. */
  readonly queuedBytes: number;
  readonly queuedFrames: number;
  /** Of updates that are not on disk yet; beyond it the socket is not read. The same for an address. */
  readonly unwrittenBytes: number;
  readonly addressUnwrittenBytes: number;
  /** Of all connections from one address together. */
  readonly addressConnections: number;
  readonly addressBytesPerSecond: number;
  readonly addressMessagesPerSecond: number;
  readonly addressMsPerSecond: number;
  /** What a socket may send before it is read more slowly. */
  readonly bytesPerSecond: number;
  readonly messagesPerSecond: number;
  /** Of the server's one thread, in milliseconds: a short question can be long to answer. */
  readonly msPerSecond: number;
  /** An update with more, or one that may cost more than cost.ts allows, is tried in a thread first. */
  readonly trialParts: number;
  /** So long the trial of an update may take, and what each of its parts adds. */
  readonly trialMs: number;
  readonly trialMsPerPart: number;
  /** How long an empty room stays in memory. */
  readonly idleMs: number;
  /** The log of a document is replaced by a snapshot when it is longer than either. */
  readonly logUpdates: number;
  readonly logBytes: number;
  readonly awarenessIntervalMs: number;
  /** Where other servers write to the same database: how often it is looked for what they wrote. */
  readonly catchUpMs: number;
  /** A socket is sent something this often, and must answer a ping within twice the time. */
  readonly heartbeatMs: number;
}

export const defaultSyncLimits: SyncLimits = {
  messageBytes: MAX_SYNC_MESSAGE_BYTES,
  documentBytes: 16 * 1024 * 1024,
  documentStructs: 50_000,
  documentClients: 4_000,
  answerMs: 60_000,
  linkClaims: 20_000,
  bufferedBytes: 4 * 1024 * 1024,
  connections: 5_000,
  roomConnections: 1_000,
  queuedBytes: 256 * 1024,
  queuedFrames: 256,
  unwrittenBytes: 4 * 1024 * 1024,
  addressUnwrittenBytes: 64 * 1024 * 1024,
  addressConnections: 2_000,
  addressBytesPerSecond: 64 * 1024 * 1024,
  addressMessagesPerSecond: 20_000,
  addressMsPerSecond: 900,
  bytesPerSecond: 8 * 1024 * 1024,
  messagesPerSecond: 2_000,
  msPerSecond: 300,
  trialParts: 2_000,
  trialMs: 1_000,
  trialMsPerPart: 0.05,
  idleMs: 10_000,
  logUpdates: 500,
  logBytes: 1024 * 1024,
  awarenessIntervalMs: 33,
  catchUpMs: 5_000,
  heartbeatMs: 15_000,
};
