import { memo, type ReactNode } from 'react';
import type { Action, Role } from '../../../domain/access/roles.ts';
import type { TextFile } from '../../../sdk/review.ts';
import { allows } from '../review/use-review.ts';
import type { Reviewing } from '../review/use-reviewing.ts';
import type { OpenEditor } from '../text-editor.tsx';
import { CommentsPanel } from './comments.tsx';
import { HistoryPanel } from './history.tsx';
import { SidePanel } from './side.tsx';
import { SuggestionsPanel } from './suggestions.tsx';

/** What the run will cost, what is said about the text, and how it was. */
export const ReviewPanels = memo(function ReviewPanels(props: {
  readonly file: TextFile;
  readonly reviewing: Reviewing;
  /** Null while the server has not said. */
  readonly role: Role | null;
  readonly opened: OpenEditor | null;
  readonly estimate: ReactNode;
  readonly onOpenFile: (path: string) => void;
}) {
  const { file, reviewing, role, opened } = props;
  const may = (action: Action): boolean => reviewing.closed === null && allows(role, action);
  const { review, mentions } = reviewing;
  const unread = mentions.unread.length;
  const openThreads = review.threads.filter(({ resolved }) => resolved === null).length;
  const openSuggestions = review.suggestions.filter(({ decision }) => decision === null).length;
  return (
    <SidePanel
      tab={reviewing.tab}
      onTab={reviewing.setTab}
      counts={{
        comments: unread > 0 ? { count: unread, urgent: true } : { count: openThreads, urgent: false },
        suggestions: { count: openSuggestions, urgent: false },
      }}
      panels={{
        estimate: props.estimate,
        comments: (
          <CommentsPanel
            key={file.path}
            file={file}
            reviewing={reviewing}
            mayComment={reviewing.mayComment}
            onOpenFile={props.onOpenFile}
          />
        ),
        suggestions: (
          <SuggestionsPanel
            key={file.path}
            file={file}
            reviewing={reviewing}
            maySuggest={reviewing.maySuggest}
            mayDecide={may('suggestion.decide')}
          />
        ),
        history: (
          <HistoryPanel
            file={file}
            reviewing={reviewing}
            opened={opened}
            mayName={may('version.create')}
            mayRestore={may('version.restore')}
          />
        ),
      }}
    />
  );
});
