import { defineErrors } from '../base/error.ts';

export const channelErrors = defineErrors('WRK', {
  badMessage: {
    number: 1,
    title: 'A worker and its page disagree about a message',
    fix: 'Reload the page, so that both are of one version; if it happens again, report it with the message.',
  },
  crashed: {
    number: 2,
    title: 'The background worker stopped unexpectedly',
    fix: 'Reload the page; a run that was training is offered to be resumed from its last checkpoint.',
  },
  closed: {
    number: 3,
    title: 'The background worker was closed before it answered',
    fix: 'Try again; if the page is closing, nothing is lost.',
  },
  aborted: {
    number: 4,
    title: 'Stopped on request',
    fix: 'Start it again to get the rest.',
  },
  unexpected: {
    number: 5,
    title: 'The background worker failed in a way that nobody foresaw',
    fix: 'This is a defect of Anneal; please report it with the message.',
  },
});
