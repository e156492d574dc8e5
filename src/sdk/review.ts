import type { BodyInputOf, ResponseOf } from '../protocol/http/operation.ts';
import { type Operations, operations as o } from '../protocol/http/operations.ts';
import type { Mention, WholeSuggestion, WholeThread } from '../protocol/http/review.ts';
import type { ReviewPerson, Version } from '../protocol/review.ts';
import { type CallOptions, call, type Transport } from './transport.ts';

/** A text in a project. */
export interface TextFile {
  readonly project: string;
  readonly path: string;
}

/**
 * What is said about a text, and how it was. `as` says who one is where sign-in is off, and is not read where
 * it is on.
 */
export interface ReviewClient {
  all(file: TextFile, options?: CallOptions): Promise<ResponseOf<Operations['getReview']>>;
  startThread(file: TextFile, thread: Body<'startThread'>, options?: CallOptions): Promise<WholeThread>;
  reply(
    file: TextFile,
    thread: string,
    comment: Body<'replyToThread'>,
    options?: CallOptions,
  ): Promise<WholeThread>;
  resolve(
    file: TextFile,
    thread: string,
    wish: Body<'resolveThread'>,
    options?: CallOptions,
  ): Promise<WholeThread>;
  suggest(file: TextFile, suggestion: Body<'suggest'>, options?: CallOptions): Promise<WholeSuggestion>;
  /** Accepting makes the change at once. */
  decide(
    file: TextFile,
    suggestion: string,
    decision: Body<'decideSuggestion'>,
    options?: CallOptions,
  ): Promise<WholeSuggestion>;
  withdraw(
    file: TextFile,
    suggestion: string,
    who: Body<'withdrawSuggestion'>,
    options?: CallOptions,
  ): Promise<WholeSuggestion>;
  /** Newest first. */
  versions(file: TextFile, options?: CallOptions): Promise<Version[]>;
  createVersion(file: TextFile, wish: Body<'createVersion'>, options?: CallOptions): Promise<Version>;
  readVersion(
    file: TextFile,
    version: string,
    options?: CallOptions,
  ): Promise<ResponseOf<Operations['readVersion']>>;
  /** Resolves with the version of what stood there before; null where it was the same. */
  restoreVersion(
    file: TextFile,
    version: string,
    who: Body<'restoreVersion'>,
    options?: CallOptions,
  ): Promise<Version | null>;
  /** Makes the text another one where it still is what it was; resolves as restoring does. Throws textMoved. */
  takeBack(file: TextFile, wish: Body<'takeBack'>, options?: CallOptions): Promise<Version | null>;
  /** Resolves with the version that keeps the last text that parsed. Throws textMoved. */
  noteMerge(file: TextFile, merge: Body<'noteMerge'>, options?: CallOptions): Promise<Version>;
  /** What the person was mentioned in and has not read. */
  mentions(project: string, person: ReviewPerson, options?: CallOptions): Promise<Mention[]>;
  readMentions(project: string, body: Body<'readMentions'>, options?: CallOptions): Promise<number>;
}

type Body<Id extends keyof Operations> = BodyInputOf<Operations[Id]>;

export function createReviewClient(transport: Transport): ReviewClient {
  return {
    all: (file, options) => call(transport, o.getReview, { ...options, params: params(file) }),
    startThread: (file, body, options) =>
      call(transport, o.startThread, { ...options, params: params(file), body }),
    reply: (file, thread, body, options) =>
      call(transport, o.replyToThread, { ...options, params: { ...params(file), thread }, body }),
    resolve: (file, thread, body, options) =>
      call(transport, o.resolveThread, { ...options, params: { ...params(file), thread }, body }),
    suggest: (file, body, options) => call(transport, o.suggest, { ...options, params: params(file), body }),
    decide: (file, suggestion, body, options) =>
      call(transport, o.decideSuggestion, { ...options, params: { ...params(file), suggestion }, body }),
    withdraw: (file, suggestion, body, options) =>
      call(transport, o.withdrawSuggestion, { ...options, params: { ...params(file), suggestion }, body }),
    versions: async (file, options) =>
      (await call(transport, o.listVersions, { ...options, params: params(file) })).versions,
    createVersion: (file, body, options) =>
      call(transport, o.createVersion, { ...options, params: params(file), body }),
    readVersion: (file, version, options) =>
      call(transport, o.readVersion, { ...options, params: { ...params(file), version } }),
    restoreVersion: async (file, version, body, options) => {
      const input = { ...options, params: { ...params(file), version }, body };
      return (await call(transport, o.restoreVersion, input)).before;
    },
    takeBack: async (file, body, options) =>
      (await call(transport, o.takeBack, { ...options, params: params(file), body })).before,
    noteMerge: (file, body, options) =>
      call(transport, o.noteMerge, { ...options, params: params(file), body }),
    mentions: async (project, { id }, options) => {
      const input = { ...options, params: { project }, query: { person: id } };
      return (await call(transport, o.listMentions, input)).mentions;
    },
    readMentions: async (project, body, options) =>
      (await call(transport, o.readMentions, { ...options, params: { project }, body })).read,
  };
}

const params = ({ project, path }: TextFile): TextFile => ({ project, path });
