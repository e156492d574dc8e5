import type { Hasher } from '../../domain/artifacts/ports.ts';
import { type MentionedPerson, withMentions } from '../../domain/review/mentions.ts';
import type { RunId } from '../../domain/runs/events.ts';
import type { MetricStore, RunStore } from '../../domain/runs/ports.ts';
import type { Mention, WholeSuggestion, WholeThread } from '../../protocol/http/review.ts';
import type { Anchor, ReviewPerson, SuggestedEdit, Version, VersionContent } from '../../protocol/review.ts';
import type { ReviewClient, TextFile } from '../../sdk/review.ts';
import { evidenceOf, hashOfText } from './evidence.ts';

export interface Proposal {
  readonly title: string;
  readonly note: string;
  readonly edits: readonly SuggestedEdit[];
  /** The run whose result speaks for it; null: none. */
  readonly run: RunId | null;
}

/** What screens do with what is said about texts. Errors are the server's (src/protocol/http/review.ts). */
export interface ReviewService {
  /** `people`: those whose names become mentions where they stand behind an @. */
  comment(
    file: TextFile,
    anchor: Anchor | null,
    typed: string,
    people: readonly MentionedPerson[],
  ): Promise<WholeThread>;
  reply(
    file: TextFile,
    thread: string,
    typed: string,
    people: readonly MentionedPerson[],
  ): Promise<WholeThread>;
  resolve(file: TextFile, thread: string, resolved: boolean): Promise<WholeThread>;
  suggest(file: TextFile, proposal: Proposal): Promise<WholeSuggestion>;
  decide(file: TextFile, suggestion: string, decision: 'accepted' | 'rejected'): Promise<WholeSuggestion>;
  withdraw(file: TextFile, suggestion: string): Promise<WholeSuggestion>;
  nameVersion(file: TextFile, name: string): Promise<Version>;
  contentOf(file: TextFile, version: string): Promise<VersionContent>;
  /** Resolves with the version of what stood there before; null where it was the same. */
  restore(file: TextFile, version: string): Promise<Version | null>;
  /** The same with any text, unless somebody was faster: the present one must still be `present`. */
  takeBack(file: TextFile, text: string, present: string): Promise<Version | null>;
  /** Keeps the last text that parsed for those who come later, where edits have met in `present`. */
  noteMerge(file: TextFile, good: string, present: string): Promise<Version>;
  /** As the server names texts. */
  hashOf(text: string): Promise<string>;
  mentions(project: string): Promise<readonly Mention[]>;
  markRead(project: string, thread: string): Promise<number>;
}

export interface ReviewDeps {
  readonly client: ReviewClient;
  /** Who says it, where sign-in is off. */
  readonly self: () => ReviewPerson;
  readonly runs: Pick<RunStore, 'get'>;
  readonly metrics: Pick<MetricStore, 'summary'>;
  readonly hasher: Hasher;
}

export function createReviewService({ client, self, runs, metrics, hasher }: ReviewDeps): ReviewService {
  const as = (): ReviewPerson => {
    const { id, name } = self();
    return { id, name };
  };
  const hashOf = (text: string): Promise<string> => hashOfText(hasher, text);
  return {
    comment: (file, anchor, typed, people) =>
      client.startThread(file, { anchor, text: withMentions(typed, people), as: as() }),
    reply: (file, thread, typed, people) =>
      client.reply(file, thread, { text: withMentions(typed, people), as: as() }),
    resolve: (file, thread, resolved) => client.resolve(file, thread, { resolved, as: as() }),
    async suggest(file, { title, note, edits, run: id }) {
      const run = id === null ? null : await runs.get(id);
      const evidence = run === null ? null : await evidenceOf(run, await metrics.summary(run.id), hashOf);
      return await client.suggest(file, { title, note, edits: [...edits], evidence, as: as() });
    },
    decide: (file, suggestion, decision) => client.decide(file, suggestion, { decision, as: as() }),
    withdraw: (file, suggestion) => client.withdraw(file, suggestion, { as: as() }),
    nameVersion: (file, name) => client.createVersion(file, { kind: 'named', name, as: as() }),
    contentOf: async (file, version) => (await client.readVersion(file, version)).content,
    restore: (file, version) => client.restoreVersion(file, version, { as: as() }),
    takeBack: async (file, text, present) =>
      client.takeBack(file, { text, replaces: await hashOf(present), as: as() }),
    noteMerge: async (file, good, present) => client.noteMerge(file, { merged: await hashOf(present), good }),
    hashOf,
    mentions: (project) => client.mentions(project, as()),
    markRead: (project, thread) => client.readMentions(project, { thread, as: as() }),
  };
}
