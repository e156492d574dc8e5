import { notifications } from '@mantine/notifications';
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from 'react';
import type { Diagnostic, Fix } from '../../../domain/preflight/report.ts';
import type { MentionedPerson } from '../../../domain/review/mentions.ts';
import { useServices } from '../../app/services.ts';
import type { Room } from '../../app/use-room.ts';
import { toMonacoRange } from '../monaco/ranges.ts';
import type { OpenEditor } from '../text-editor.tsx';
import { showBlame } from './blame.ts';
import {
  COMMENT_WORDS,
  type CommentDraft,
  type Drafts,
  draftsOf,
  forgetSuggestion,
  isWritten,
  nextDraft,
  SUGGESTION,
  type SuggestionDraft,
} from './drafts.ts';
import { marksOf, showMarks } from './marks.ts';
import { selectedPlace, showPlace } from './selection.ts';
import { useMentionable } from './use-mentionable.ts';
import {
  type Anchored,
  allows,
  type Mentions,
  type ReviewState,
  type RoomState,
  useMentions,
  useReview,
} from './use-review.ts';

export type SideTab = 'estimate' | 'comments' | 'suggestions' | 'history';

export interface Reviewing {
  readonly review: ReviewState;
  readonly mentions: Mentions;
  /** Whom one may mention, oneself left out. */
  readonly people: readonly MentionedPerson[];
  readonly tab: SideTab;
  readonly setTab: (tab: SideTab) => void;
  /** What is being written about this text, and its words; another object for another text. */
  readonly drafts: Drafts;
  readonly comment: CommentDraft | null;
  readonly suggestion: SuggestionDraft | null;
  /** They were sent, or thought better of. */
  readonly endComment: () => void;
  /** Puts it aside with its words. */
  readonly closeComment: () => void;
  readonly endSuggestion: () => void;
  /** The thread or suggestion that was chosen last, here or in the gutter. */
  readonly selected: string | null;
  readonly select: (id: string | null) => void;
  /** Chooses a thread of another text, as soon as that is open. */
  readonly selectIn: (path: string, thread: string) => void;
  /** Why there is no text to write about, while what was said about it can be read; null where there is one. */
  readonly closed: string | null;
  /** What is not allowed is not offered. */
  readonly mayComment: boolean;
  readonly maySuggest: boolean;
  readonly blamed: boolean;
  readonly setBlamed: (blamed: boolean) => void;
  /** About what is selected in the editor. */
  readonly startComment: () => void;
  readonly startSuggestion: () => void;
  readonly suggestFix: (fix: Fix, diagnostic: Diagnostic) => void;
  readonly goTo: (anchor: Anchored) => void;
}

/** Everything that is said about the open text, beside it and in it. */
export function useReviewing(options: {
  readonly project: string;
  readonly path: string;
  readonly room: Room | null;
  readonly state: RoomState | null;
  readonly projectRoom: Room | null;
  readonly closed: string | null;
  readonly projectDeleted: boolean;
  readonly opened: OpenEditor | null;
  /** Brings the panel into view, where it is not beside the text. */
  readonly onShow: () => void;
}): Reviewing {
  const { project, path, room, state, projectRoom, closed, opened, onShow } = options;
  const { documents, profile } = useServices();
  const review = useReview(project, path, state);
  const mentions = useMentions(project, review, options.projectDeleted);
  const people = useMentionable(project, review, projectRoom);
  const role = state?.role ?? null;
  const mayComment = closed === null && allows(role, 'comment.write');
  const maySuggest = closed === null && allows(role, 'suggestion.write');
  const [tab, setTab] = useState<SideTab>('estimate');
  const drafts = draftsOf(profile.keeper(), project, path);
  const [, redraw] = useReducer((times: number) => times + 1, 0);
  const { comment, suggestion } = drafts;
  const setComment = useCallback(
    (next: CommentDraft | null) => {
      drafts.comment = next;
      redraw();
    },
    [drafts],
  );
  const setSuggestion = useCallback(
    (next: SuggestionDraft | null) => {
      drafts.suggestion = next;
      redraw();
    },
    [drafts],
  );
  const endComment = useCallback(() => setComment(null), [setComment]);
  const closeComment = useCallback(() => {
    const { comment: draft } = drafts;
    setComment(draft !== null && isWritten(drafts, draft) ? { ...draft, open: false } : null);
  }, [drafts, setComment]);
  const endSuggestion = useCallback(() => {
    forgetSuggestion(drafts);
    redraw();
  }, [drafts]);
  const [selected, select] = useState<string | null>(null);
  const [blamed, setBlamed] = useState(false);
  const show = useCallback(
    (next: SideTab) => {
      setTab(next);
      onShow();
    },
    [onShow],
  );
  const wanted = useRef<{ readonly path: string; readonly thread: string } | null>(null);
  const selectIn = useCallback((of: string, thread: string) => {
    wanted.current = { path: of, thread };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another project is another screen
  useEffect(() => {
    const thread = wanted.current?.path === path ? wanted.current.thread : null;
    wanted.current = null;
    select(thread);
    if (thread !== null) show('comments');
  }, [path, project]);

  const startComment = useCallback(() => {
    if (room === null || opened === null) return;
    const begun = isWritten(drafts, drafts.comment) ? drafts.comment : null;
    const draft = begun ?? { anchor: documents.review.anchorAt(room, selectedPlace(opened)) };
    drafts.wanted = COMMENT_WORDS;
    setComment({ ...draft, open: true });
    show('comments');
  }, [documents, room, opened, show, drafts, setComment]);
  /** A half written one is shown instead of another. */
  const begin = useCallback(
    (draft: () => SuggestionDraft) => {
      if (isWritten(drafts, drafts.suggestion)) {
        notifications.show({
          title: 'Another suggestion is half written',
          message: 'Send or cancel it first.',
        });
      } else setSuggestion(draft());
      drafts.wanted = SUGGESTION;
      show('suggestions');
    },
    [drafts, show, setSuggestion],
  );
  const startSuggestion = useCallback(() => {
    if (room === null || opened === null) return;
    const place = selectedPlace(opened);
    const newText = opened.model.getValue().slice(place.start, place.end);
    begin(() => {
      const edits = [documents.review.suggestedEdit(room, { ...place, newText })];
      return { id: nextDraft(), title: '', note: '', edits };
    });
  }, [documents, room, opened, begin]);
  const suggestFix = useCallback(
    ({ title, edits }: Fix, { message }: Diagnostic) => {
      if (room === null || opened === null) return;
      const { model } = opened;
      const suggested = edits.map(({ range, newText }) => {
        const { startLineNumber, startColumn, endLineNumber, endColumn } = toMonacoRange(range);
        const start = model.getOffsetAt({ lineNumber: startLineNumber, column: startColumn });
        const end = model.getOffsetAt({ lineNumber: endLineNumber, column: endColumn });
        return documents.review.suggestedEdit(room, { start, end, newText });
      });
      begin(() => ({ id: nextDraft(), title, note: message, edits: suggested }));
    },
    [documents, room, opened, begin],
  );
  const goTo = useCallback(
    (anchor: Anchored) => {
      const place = room === null ? null : documents.review.placeOf(room, anchor);
      if (place !== null && opened !== null) showPlace(opened, place);
    },
    [documents, room, opened],
  );

  useEffect(() => {
    if (opened === null || room === null) return;
    const find = () => marksOf(review, (anchor) => documents.review.placeOf(room, anchor));
    const shown = showMarks(opened.monaco, opened.editor, find, ({ id, kind }) => {
      select(id);
      show(kind === 'thread' ? 'comments' : 'suggestions');
    });
    return () => shown.dispose();
  }, [documents, room, opened, review, show]);

  useEffect(() => {
    if (!blamed || opened === null || room === null) return;
    let shown: { dispose(): void } | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const render = (): void => {
      shown?.dispose();
      shown = showBlame(opened.monaco, opened.editor, documents.review.blame(room, review.authors));
    };
    const soon = (): void => {
      clearTimeout(timer);
      timer = setTimeout(render, BLAME_AFTER_MS);
    };
    render();
    const changes = opened.model.onDidChangeContent(soon);
    return () => {
      clearTimeout(timer);
      changes.dispose();
      shown?.dispose();
    };
  }, [documents, room, opened, blamed, review.authors]);

  useEffect(() => {
    if (opened === null) return;
    const { monaco, editor } = opened;
    const comment = () =>
      editor.addAction({
        id: 'anneal.comment',
        label: 'Comment on this',
        // Not with Ctrl and Alt: that is AltGr, by which many keyboards write letters.
        keybindings: [monaco.KeyMod.Shift | monaco.KeyCode.F2],
        contextMenuGroupId: '9_review',
        contextMenuOrder: 1,
        run: startComment,
      });
    const suggest = () =>
      editor.addAction({
        id: 'anneal.suggest',
        label: 'Suggest a change of this',
        keybindings: [monaco.KeyMod.Shift | monaco.KeyCode.F4],
        contextMenuGroupId: '9_review',
        contextMenuOrder: 2,
        run: startSuggestion,
      });
    const actions = [...(mayComment ? [comment()] : []), ...(maySuggest ? [suggest()] : [])];
    return () => {
      for (const action of actions) action.dispose();
    };
  }, [opened, startComment, startSuggestion, mayComment, maySuggest]);

  // The panels are drawn anew when one of these changes, and not with every other change of the screen.
  return useMemo(
    () => ({
      review,
      mentions,
      people,
      tab,
      setTab,
      drafts,
      comment,
      suggestion,
      endComment,
      closeComment,
      endSuggestion,
      selected,
      select,
      selectIn,
      closed,
      mayComment,
      maySuggest,
      blamed,
      setBlamed,
      startComment,
      startSuggestion,
      suggestFix,
      goTo,
    }),
    [
      review,
      mentions,
      people,
      tab,
      drafts,
      comment,
      suggestion,
      endComment,
      closeComment,
      endSuggestion,
      selected,
      selectIn,
      closed,
      mayComment,
      maySuggest,
      blamed,
      startComment,
      startSuggestion,
      suggestFix,
      goTo,
    ],
  );
}

/** Typing renders the gutter anew; a moment later is soon enough. */
const BLAME_AFTER_MS = 300;
