import { MemoryRouter } from 'react-router';
import { afterEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { CloseCode } from '../../protocol/sync.ts';
import { useOpenedAgain } from '../app/bring-back.ts';
import type { Room } from '../app/use-room.ts';
import { EstimatePanel } from './panels/estimate.tsx';
import { ProblemsPanel } from './panels/problems-panel.tsx';
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
        mayChange
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

test('of a deleted project nothing is checked or estimated, and the panes say why', async () => {
  const closed = 'The project has been deleted.';
  const ignore = () => undefined;
  ({ unmount } = mount(
    <>
      <ProblemsPanel
        diagnostics={null}
        closed={closed}
        failure={null}
        onGoTo={ignore}
        onFix={null}
        onSuggest={null}
      />
      <EstimatePanel estimate={null} closed={closed} stale={false} device={null} />
    </>,
  ));
  await expect.element(page.getByText(`${closed} There is nothing to check.`)).toBeVisible();
  await expect.element(page.getByText(`${closed} There is nothing to estimate.`)).toBeVisible();
  await expect.element(page.getByText('Checking …')).not.toBeInTheDocument();
});

test('a project that somebody else has brought back is opened again', async () => {
  const there: string[] = [];
  retried.length = 0;
  const room = roomOf('', refused(CloseCode.gone));
  const Opened = () => {
    useOpenedAgain(Object.assign(room, { subscribe: () => () => undefined }));
    return null;
  };
  let asked = 0;
  const list = async () => {
    asked++;
    return there.map((id) => ({ id }));
  };
  const services = { server: { projects: { list } } };
  ({ unmount } = mount(<Opened />, services));
  await expect.poll(() => asked).toBe(1);
  expect(retried).toEqual([]);
  unmount();
  there.push('rivers');
  ({ unmount } = mount(<Opened />, services));
  await expect.poll(() => retried).toEqual(['']);
});
