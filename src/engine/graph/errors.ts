import { defineErrors } from '../../base/error.ts';

export const graphErrors = defineErrors('GRF', {
  malformed: {
    number: 1,
    title: 'A graph was built with an op that does not fit its inputs',
    fix: 'This is a defect of Anneal; please report it with the message.',
  },
  noGradient: {
    number: 2,
    title: 'A gradient was asked of an op that has none',
    fix: 'This is a defect of Anneal; please report it with the message.',
  },
  unsound: {
    number: 3,
    title: 'A program was asked of a graph whose shapes do not fit together',
    fix: 'Correct the config as its diagnostics say, then start again.',
  },
});
