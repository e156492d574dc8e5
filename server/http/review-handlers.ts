import type { Projects } from '../projects/projects.ts';
import { personOf } from '../review/person.ts';
import type { Review } from '../review/review.ts';
import type { Handlers } from './api.ts';

type ReviewHandlers = Pick<
  Handlers,
  | 'getReview'
  | 'startThread'
  | 'replyToThread'
  | 'resolveThread'
  | 'suggest'
  | 'decideSuggestion'
  | 'withdrawSuggestion'
  | 'listVersions'
  | 'createVersion'
  | 'readVersion'
  | 'restoreVersion'
  | 'takeBack'
  | 'noteMerge'
  | 'listMentions'
  | 'readMentions'
>;

export function reviewHandlers(review: Review, projects: Projects): ReviewHandlers {
  const { threads, suggestions, versions } = review;
  return {
    getReview: ({ params }) => review.all(fileOf(params)),
    startThread: ({ params, body: { as, ...wish }, principal }) =>
      threads.start(fileOf(params), personOf(principal, as), wish),
    replyToThread: ({ params, body: { as, text }, principal }) =>
      threads.reply(fileOf(params), personOf(principal, as), params.thread, text),
    resolveThread: ({ params, body: { as, resolved }, principal }) =>
      threads.resolve(fileOf(params), personOf(principal, as), params.thread, resolved),

    suggest: ({ params, body: { as, ...wish }, principal }) =>
      suggestions.suggest(fileOf(params), personOf(principal, as), wish),
    decideSuggestion: ({ params, body: { as, decision }, principal }) =>
      suggestions.decide(fileOf(params), personOf(principal, as), params.suggestion, decision),
    withdrawSuggestion: ({ params, body: { as }, principal }) =>
      suggestions.withdraw(fileOf(params), personOf(principal, as), params.suggestion),

    listVersions: async ({ params }) => ({ versions: await versions.list(fileOf(params)) }),
    createVersion: ({ params, body, principal }) => {
      const name = body.name === '' ? null : body.name;
      const by = personOf(principal, body.as);
      return body.kind === 'run'
        ? versions.keepTrained(fileOf(params), { kind: 'run', name, run: body.run, by }, body)
        : versions.create(fileOf(params), { kind: 'named', name, run: null, by });
    },
    readVersion: ({ params }) => versions.read(fileOf(params), params.version),
    restoreVersion: ({ params, body: { as }, principal }) =>
      versions.restore(fileOf(params), params.version, personOf(principal, as)),
    takeBack: ({ params, body: { as, ...wish }, principal }) =>
      versions.takeBack(fileOf(params), personOf(principal, as), wish),
    noteMerge: ({ params, body }) => versions.noteMerge(fileOf(params), body),

    listMentions: async ({ params: { project }, query: { person }, principal }) => {
      await projects.live(project);
      const { id } = personOf(principal, person === undefined ? undefined : { id: person, name: person });
      return { mentions: await threads.mentions(project, id) };
    },
    readMentions: async ({ params: { project }, body: { as, thread }, principal }) => {
      await projects.live(project);
      return { read: await threads.read(project, personOf(principal, as).id, thread) };
    },
  };
}

const fileOf = ({ project, path }: { readonly project: string; readonly path: string }) => ({
  project,
  path,
});
