import { beforeEach, expect, test } from 'vitest';
import {
  COMMENT_WORDS,
  draftedPaths,
  draftsOf,
  forgetSuggestion,
  isWritten,
  moveDrafts,
  nextDraft,
  replyWords,
  type SuggestionDraft,
  suggestionWords,
} from './drafts.ts';

let person = '';
beforeEach(() => {
  person = `person ${nextDraft()}`;
});

const suggestion = (): SuggestionDraft => ({ id: nextDraft(), title: 'Use 128', note: '', edits: [] });

test('what is half written goes with a file that is renamed, and with what is typed meanwhile', () => {
  const drafts = draftsOf(person, 'p', 'old.yaml');
  drafts.comment = { anchor: null, open: true };
  drafts.suggestion = suggestion();
  drafts.words.set(COMMENT_WORDS, 'Half a').set(replyWords('t'), 'So do I');
  draftsOf(person, 'p', 'new.yaml'); // looked at before: nothing was begun there
  expect(draftedPaths(person, 'p')).toEqual(['old.yaml']);
  moveDrafts(person, 'p', 'old.yaml', 'new.yaml');
  drafts.words.set(COMMENT_WORDS, 'Half a thought');
  expect(draftsOf(person, 'p', 'new.yaml')).toMatchObject({
    comment: drafts.comment,
    suggestion: drafts.suggestion,
    words: new Map([
      [COMMENT_WORDS, 'Half a thought'],
      [replyWords('t'), 'So do I'],
    ]),
  });
  expect(draftsOf(person, 'p', 'old.yaml').words.size).toBe(0);
  expect(draftedPaths(person, 'p')).toEqual(['new.yaml']);
  expect(draftedPaths(person, 'q')).toEqual([]);
});

test('it takes nothing from what was begun under the new name already', () => {
  const [old, there] = [draftsOf(person, 'p', 'old.yaml'), draftsOf(person, 'p', 'new.yaml')];
  old.comment = { anchor: null, open: false };
  old.suggestion = suggestion();
  old.words.set(COMMENT_WORDS, 'of the old').set(replyWords('t'), 'So do I');
  there.comment = { anchor: null, open: true };
  there.words.set(COMMENT_WORDS, 'of the new');
  moveDrafts(person, 'p', 'old.yaml', 'new.yaml');
  const { comment, suggestion: moved, words } = draftsOf(person, 'p', 'new.yaml');
  expect(comment?.open).toBe(true);
  expect(moved).toBe(old.suggestion);
  expect([...words]).toEqual([
    [COMMENT_WORDS, 'of the new'],
    [replyWords('t'), 'So do I'],
  ]);
});

test('a draft is written when somebody has put in words of his own, and forgotten with them', () => {
  const drafts = draftsOf(person, 'p', 'a.yaml');
  expect(isWritten(drafts, drafts.comment)).toBe(false);
  drafts.comment = { anchor: null, open: true };
  drafts.suggestion = suggestion();
  expect([isWritten(drafts, drafts.comment), isWritten(drafts, drafts.suggestion)]).toEqual([false, false]);
  drafts.words.set(suggestionWords(drafts.suggestion, 'note'), 'It is faster.');
  expect([isWritten(drafts, drafts.comment), isWritten(drafts, drafts.suggestion)]).toEqual([false, true]);
  drafts.words.set(COMMENT_WORDS, 'Why?');
  expect(isWritten(drafts, drafts.comment)).toBe(true);
  forgetSuggestion(drafts);
  expect([...drafts.words.keys()]).toEqual([COMMENT_WORDS]);
  expect(isWritten(drafts, drafts.suggestion)).toBe(false);
});
