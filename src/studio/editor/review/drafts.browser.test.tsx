import { afterEach, beforeEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import type { WholeThread } from '../../../protocol/http/review.ts';
import type { Room } from '../../app/use-room.ts';
import { CommentsPanel } from '../panels/comments.tsx';
import { SuggestionsPanel } from '../panels/suggestions.tsx';
import { mount } from '../testing/mount.tsx';
import type { OpenEditor } from '../text-editor.tsx';
import { nextDraft } from './drafts.ts';
import { useReviewing } from './use-reviewing.ts';

const ada = { id: 'ada', name: 'Ada' };
const file = { project: 'p', path: 'anneal.yaml' };
const place = { start: { tname: 'content' as const }, end: { tname: 'content' as const } };

/** What the server would keep, and tell. */
let threads: readonly WholeThread[] = [];
let tell: () => void = () => undefined;
let unmount: () => void = () => undefined;

function threadOf(id: string, text: string): WholeThread {
  const comment = { id: `${id}c`, thread: id, by: ada, created: 0, text };
  return { id, by: ada, created: 0, anchor: null, resolved: null, comments: [comment] };
}

function change(next: readonly WholeThread[]): void {
  threads = next;
  tell();
}

const room = {
  ...{ project: file.project, path: file.path, awareness: new Awareness(new Y.Doc()) },
  subscribe: () => () => undefined,
  retry: () => undefined,
  state: { connection: { kind: 'synced', saved: true }, local: 'stored', ready: true, role: 'editor' },
} as unknown as Room;

/** As much of an editor as the panels ask: the text itself is a field beside them. */
const opened = {
  monaco: { KeyMod: { Shift: 0 }, KeyCode: { F2: 0, F4: 1 } },
  editor: { addAction: () => ({ dispose: () => undefined }), getModel: () => null, getSelection: () => null },
  model: { getValue: () => 'a: 1' },
} as unknown as OpenEditor;

const signedOut = { session: null };

/** A guest of a link has another session whenever he opens it. */
const services = (person: string) => ({
  documents: {
    use: () => ({ room: Promise.resolve(room), release: () => undefined }),
    onReplaced: () => () => undefined,
    generation: () => 0,
    review: {
      read: () => ({ threads, suggestions: [], versions: [], authors: new Map() }),
      observe: (_room: Room, listener: () => void) => {
        tell = listener;
        return () => undefined;
      },
      anchorAt: () => ({ ...place, quote: 'a: 1' }),
      suggestedEdit: () => ({ ...place, oldText: 'a: 1', newText: 'a: 1' }),
      placeOf: () => null,
      colourOf: () => 1,
    },
  },
  review: {
    mentions: async () => [],
    comment: async (_file: unknown, _anchor: unknown, text: string) => {
      const made = threadOf(`t${threads.length}`, text);
      change([...threads, made]);
      return made;
    },
  },
  profile: { current: () => ({ id: `${person}.${nextDraft()}`, name: 'Ada' }), keeper: () => person },
  session: { subscribe: () => () => undefined, state: () => signedOut },
  runs: { list: async () => [] },
});

function Screen() {
  const { state } = room;
  const reviewing = useReviewing({
    ...file,
    room,
    state,
    projectRoom: null,
    closed: null,
    projectDeleted: false,
    opened,
    onShow: () => undefined,
  });
  const keys: Readonly<Record<string, () => void>> = {
    F2: reviewing.startComment,
    F4: reviewing.startSuggestion,
  };
  return (
    <>
      <textarea aria-label="Text" onKeyDown={({ key }) => keys[key]?.()} />
      <button type="button" onClick={() => reviewing.setTab('comments')}>
        Look
      </button>
      {reviewing.tab === 'comments' && (
        <CommentsPanel file={file} reviewing={reviewing} mayComment onOpenFile={() => undefined} />
      )}
      {reviewing.tab === 'suggestions' && (
        <SuggestionsPanel file={file} reviewing={reviewing} maySuggest mayDecide />
      )}
    </>
  );
}

const text = page.getByRole('textbox', { name: 'Text' });
const comment = page.getByRole('textbox', { name: 'Comment' });
const button = (name: string) => page.getByRole('button', { name, exact: true });
let person = '';

beforeEach(async () => {
  threads = [];
  person = `person ${nextDraft()}`; // drafts are kept as long as the page is: each test begins without
  ({ unmount } = mount(<Screen />, services(person)));
  await text.click();
});
afterEach(() => unmount());

test('whoever asks to write does so at once, and Escape leads back with the words kept', async () => {
  await userEvent.keyboard('{F2}');
  await expect.element(comment).toHaveFocus();
  await userEvent.keyboard('Half a{Escape}');
  await expect.element(comment).not.toBeInTheDocument();
  await expect.element(text).toHaveFocus();
  await button('Go on with your comment').click();
  await expect.element(comment).toHaveFocus();
  await userEvent.keyboard(' thought');
  await expect.element(comment).toHaveValue('Half a thought');
  await userEvent.keyboard('{Escape}');
  // It was opened by a button that was not there meanwhile.
  await expect.element(button('Go on with your comment')).toHaveFocus();
});

test('what is sent is in the list, and nothing of it in the next one; Cancel deletes what was written', async () => {
  await userEvent.keyboard('{F2}A thought{Control>}{Enter}{/Control}');
  await expect.element(page.getByRole('article')).toHaveTextContent('A thought');
  await expect.element(text).toHaveFocus();
  await userEvent.keyboard('{F2}');
  await expect.element(comment).toHaveValue('');
  await userEvent.keyboard('Another');
  await button('Cancel').click();
  await expect.element(text).toHaveFocus();
  await expect.element(button('Comment on the selection')).toBeInTheDocument();
});

test('a thread that somebody resolves stays while one answers it, and goes when one does not', async () => {
  change([threadOf('t', 'Is that enough?')]);
  await button('Look').click();
  await button('Reply').click();
  const reply = page.getByRole('textbox', { name: 'Reply' });
  await expect.element(reply).toHaveFocus();
  await userEvent.keyboard('I would');
  await text.click();
  change(threads.map((thread) => ({ ...thread, resolved: { by: ada, at: 1 } })));
  await expect.element(page.getByText('Show resolved (1)')).toBeInTheDocument();
  await expect.element(reply).toHaveValue('I would');
  await expect.element(text).toHaveFocus(); // what others do takes nobody's focus
});

test('looking at the panel again takes no focus; the words are there', async () => {
  await userEvent.keyboard('{F2}Half a');
  unmount();
  ({ unmount } = mount(<Screen />, services(person)));
  await button('Look').click();
  await expect.element(comment).toHaveValue('Half a');
  await expect.element(button('Look')).toHaveFocus();
});

test('a suggestion begins in its field, and ends where it was begun', async () => {
  await userEvent.keyboard('{F4}');
  await expect.element(page.getByRole('textbox', { name: 'Instead' })).toHaveFocus();
  await button('Cancel').click();
  await expect.element(text).toHaveFocus();
});
