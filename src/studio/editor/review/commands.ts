import type { Command } from '../../app/commands.ts';
import type { MergeGuarding } from '../use-merge-guard.ts';
import type { Reviewing } from './use-reviewing.ts';

/** What the palette offers around comments, suggestions and versions. */
export function reviewCommands(reviewing: Reviewing, guarding: MergeGuarding): readonly Command[] {
  const { blamed } = reviewing;
  return [
    ...(reviewing.mayComment
      ? [
          {
            id: 'review.comment',
            label: 'Comment on the selection',
            group: 'Review',
            shortcut: 'Shift+F2',
            run: reviewing.startComment,
          },
        ]
      : []),
    ...(reviewing.maySuggest
      ? [
          {
            id: 'review.suggest',
            label: 'Suggest a change of the selection',
            group: 'Review',
            shortcut: 'Shift+F4',
            run: reviewing.startSuggestion,
          },
        ]
      : []),
    {
      id: 'review.history',
      label: 'Versions of this text',
      group: 'Review',
      keywords: ['history', 'restore', 'diff', 'compare'],
      run: () => reviewing.setTab('history'),
    },
    {
      id: 'review.blame',
      label: blamed ? 'Hide who wrote what' : 'Show who wrote what',
      group: 'Review',
      keywords: ['blame', 'author'],
      run: () => reviewing.setBlamed(!blamed),
    },
    ...(guarding.good === null || guarding.takeBack === null
      ? []
      : [
          {
            id: 'review.take-back',
            label: 'Take the merge back',
            description: 'Go back to the last config that parsed',
            group: 'Review',
            shortcut: 'F9',
            run: guarding.takeBack,
          },
        ]),
  ];
}
