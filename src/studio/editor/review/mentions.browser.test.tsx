import { afterEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { mount } from '../testing/mount.tsx';
import { type ReviewState, useMentions } from './use-review.ts';

let unmount: () => void = () => undefined;
afterEach(() => unmount());

const NOTHING: ReviewState = { threads: [], suggestions: [], versions: [], authors: new Map() };
const SAID: ReviewState = { ...NOTHING, threads: [{ id: 't', comments: [{}] } as never] };

function Mentions({ said, deleted }: { readonly said: boolean; readonly deleted: boolean }) {
  const { unread, markRead } = useMentions('rivers', said ? SAID : NOTHING, deleted);
  return (
    <button type="button" onClick={() => markRead('t')}>
      {unread.length} unread
    </button>
  );
}

function services() {
  let unread = true;
  let asked = 0;
  const saved: (() => void)[] = [];
  const review = {
    mentions: async () => {
      asked++;
      return unread ? [{ thread: 't', path: 'a.yaml', by: 'Ada' }] : [];
    },
    markRead: () =>
      new Promise<void>((resolve) => {
        saved.push(() => {
          unread = false;
          resolve();
        });
      }),
  };
  const profile = { current: () => ({ id: 'bob', name: 'Bob' }) };
  return { provided: { review, profile }, asked: () => asked, saved };
}

test('what was read stays read, also where the list was asked for while the server was being told', async () => {
  const { provided, asked, saved } = services();
  ({ unmount } = mount(<Mentions said={false} deleted={false} />, provided));
  await page.getByText('1 unread').click();
  await expect.element(page.getByText('0 unread')).toBeVisible();
  const before = asked();
  saved.shift()?.();
  await expect.poll(asked).toBe(before + 1);
  await expect.element(page.getByText('0 unread')).toBeVisible();
});

test('of a deleted project nothing is asked, and nothing is unread', async () => {
  const { provided, asked } = services();
  ({ unmount } = mount(<Mentions said deleted />, provided));
  await expect.element(page.getByText('0 unread')).toBeVisible();
  expect(asked()).toBe(0);
});
