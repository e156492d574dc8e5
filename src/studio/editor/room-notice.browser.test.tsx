import { MemoryRouter } from 'react-router';
import { afterEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { CloseCode } from '../../protocol/sync.ts';
import type { Room } from '../app/use-room.ts';
import { RoomNotice } from './room-notice.tsx';
import { mount } from './testing/mount.tsx';
import { isUnsent, UnsentNotice } from './unsent-notice.tsx';

let unmount: () => void = () => undefined;
afterEach(() => unmount());

const synced: Room['state']['connection'] = { kind: 'synced', saved: true };
const refused = (code: number): Room['state']['connection'] => ({ kind: 'refused', code, reason: 'No' });
const retried: string[] = [];

function roomOf(
  path: string,
  connection: Room['state']['connection'],
  role: Room['state']['role'] = null,
): Room {
  const state: Room['state'] = { connection, local: 'stored', ready: true, role };
  return { project: 'rivers', path, state, retry: () => retried.push(path) } as unknown as Room;
}

function show(room: Room, projectRoom: Room, restored: string[] = []): void {
  const services = {
    documents: { textOf: () => '' },
    server: { projects: { restore: async (id: string) => restored.push(id) } },
  };
  ({ unmount } = mount(
    <MemoryRouter>
      <RoomNotice
        room={room}
        state={room.state}
        path={room.path}
        projectRoom={projectRoom}
        projectState={projectRoom.state}
        role={projectRoom.state.role}
        onRestore={() => undefined}
      />
    </MemoryRouter>,
    services,
  ));
}

test('of a deleted project it is the project that is said to be deleted, and that is brought back', async () => {
  const restored: string[] = [];
  retried.length = 0;
  show(roomOf('a.yaml', refused(CloseCode.gone)), roomOf('', refused(CloseCode.gone)), restored);
  await expect.element(page.getByText('This project has been deleted')).toBeVisible();
  await page.getByRole('button', { name: 'Bring it back' }).click();
  await expect.poll(() => retried).toEqual(['', 'a.yaml']);
  expect(restored).toEqual(['rivers']);
});

test('who only reads is not offered to bring it back; a deleted file is restored alone', async () => {
  show(roomOf('a.yaml', refused(CloseCode.gone)), roomOf('', refused(CloseCode.gone), 'viewer'));
  await expect.element(page.getByText('This project has been deleted')).toBeVisible();
  await expect.element(page.getByRole('link', { name: 'All projects' })).toBeVisible();
  await expect.element(page.getByRole('button', { name: 'Bring it back' })).not.toBeInTheDocument();
  unmount();
  show(roomOf('a.yaml', refused(CloseCode.gone)), roomOf('', synced));
  await expect.element(page.getByText('a.yaml has been deleted')).toBeVisible();
});

test('what was not sent may be suggested by whom may suggest', async () => {
  for (const [role, words] of [
    ['commenter', /suggest the change/],
    ['viewer', /Copy the text if you need it\.$/],
  ] as const) {
    const room = roomOf('a.yaml', refused(CloseCode.forbidden), role);
    expect(isUnsent(room.state)).toBe(true);
    const services = { documents: { textOf: () => '' } };
    ({ unmount } = mount(<UnsentNotice room={room} role={role} />, services));
    await expect.element(page.getByText(words)).toBeVisible();
    unmount();
  }
  expect(isUnsent(roomOf('a.yaml', synced).state)).toBe(false);
});
