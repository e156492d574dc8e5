import { expect, test } from 'vitest';
import { type Client, createClient } from '../../src/sdk/client.ts';
import type { RunningServer } from '../options.ts';
import { testServer } from '../testing/fixture.ts';
import { Browser, PASSWORD } from '../testing/people.ts';

/** The client as the studio has it: in a browser of its own. */
function visitor({ url }: Pick<RunningServer, 'url'>): Client {
  const browser = new Browser(url);
  return createClient({ baseUrl: url, fetch: (input, init) => browser.fetch(String(input), init) });
}

test('from the first link to a workspace with members, by the client alone', async () => {
  const server = await testServer({ auth: 'on' });
  const { access: olive } = visitor(server);
  const secret = server.ownerLink?.split('#')[1] ?? '';
  expect((await olive.lookAtInvitation(secret)).role).toBe('owner');
  await olive.acceptInvitation(secret, { name: 'Olive', password: PASSWORD });
  const team = await olive.workspaces.create('The team');
  expect(team).toMatchObject({ id: expect.stringMatching(/^the-team-[0-9a-f]{6}$/), role: 'owner' });
  expect((await olive.workspaces.rename(team.id, 'A team')).name).toBe('A team');
  expect((await olive.workspaces.list()).map(({ id }) => id)).toEqual(['home', team.id]);

  const invited = await olive.invitations.create(team.id, { role: 'editor' });
  expect(await olive.invitations.list(team.id)).toEqual([invited.invitation]);
  const { access: ed } = visitor(server);
  const session = await ed.acceptInvitation(invited.secret, { name: 'Ed', password: PASSWORD });
  expect(session.workspaces).toEqual([{ id: team.id, name: 'A team', role: 'editor' }]);
  const user = session.principal?.id ?? '';
  expect((await olive.members.change(team.id, user, 'viewer')).role).toBe('viewer');
  expect((await ed.workspaces.get(team.id)).role).toBe('viewer');
  expect((await olive.members.list(team.id)).map(({ name }) => name)).toEqual(['Olive', 'Ed']);
  const taken = await olive.invitations.create(team.id, { role: 'viewer' });
  await olive.invitations.revoke(team.id, taken.invitation.id);
  await expect(ed.acceptInvitation(taken.secret, null)).rejects.toMatchObject({ code: 'ANN-PRO-036' });
  expect((await olive.members.remove(team.id, user)).user).toBe(user);
  await expect(ed.workspaces.get(team.id)).rejects.toMatchObject({ code: 'ANN-PRO-032' });

  const { access: again } = visitor(server);
  expect((await again.signIn('ed', PASSWORD)).principal?.name).toBe('Ed');
  await again.changePassword(PASSWORD, `${PASSWORD}!`);
  expect((await again.signOut()).principal).toBeNull();
  await expect(again.signIn('ed', PASSWORD)).rejects.toMatchObject({ code: 'ANN-PRO-033' });
});

test('a program works in its workspace with a key, and a guest in a project with a link', async () => {
  const server = await testServer({ auth: 'on' });
  const { access: olive } = visitor(server);
  const secret = server.ownerLink?.split('#')[1] ?? '';
  await olive.acceptInvitation(secret, { name: 'Olive', password: PASSWORD });
  const made = await olive.keys.create('home', { name: 'ci', scopes: ['read', 'write', 'artifacts'] });
  const program = createClient({ baseUrl: server.url, key: made.secret });
  const project = await program.projects.create({ name: 'Nightly' });
  expect(project.workspace).toBe('home');
  const { sha256 } = await program.artifacts.upload(new Blob(['weights']));
  expect(await (await program.artifacts.download(sha256)).text()).toBe('weights');
  await expect(program.access.members.list('home')).resolves.toHaveLength(1);
  await expect(program.access.invitations.list('home')).rejects.toMatchObject({ code: 'ANN-PRO-031' });

  const link = await olive.shares.create('home', { role: 'viewer', project: project.id });
  expect(await olive.shares.list('home')).toEqual([link.share]);
  const guest = visitor(server);
  expect((await guest.access.openShare(link.secret)).guest?.project).toBe(project.id);
  expect((await guest.files.list(project.id)).map(({ path }) => path)).toEqual(['anneal.yaml']);
  expect(await guest.access.ticket(project.id, 'anneal.yaml')).toMatch(/^[\w-]{43}$/);
  await olive.shares.revoke('home', link.share.id);
  await expect(guest.files.list(project.id)).rejects.toMatchObject({ code: 'ANN-PRO-030' });

  expect(await olive.keys.list('home')).toEqual([made.key]);
  await olive.keys.revoke('home', made.key.id);
  await expect(program.projects.list()).rejects.toMatchObject({ code: 'ANN-PRO-030' });
});
