import type { Locator, Page } from '@playwright/test';
import {
  changeRole,
  createAccount,
  invite,
  openAccount,
  openSettings,
  PASSWORD,
  revoke,
  signIn,
  takeOnce,
} from './testing/access.ts';
import { connectionIs } from './testing/connection.ts';
import { editorIsReady, linesOf, textEditor, typeAtTop } from './testing/editor.ts';
import { expect, type Person, test } from './testing/journey.ts';
import { goTo, notice } from './testing/screens.ts';
import type { StudioServer } from './testing/server.ts';

test.use({ auth: 'on' });

type NewPerson = (name: string) => Promise<Person>;

/** The first of all: opens the link that the server printed. */
async function claim(server: StudioServer, person: NewPerson): Promise<Page> {
  const { page } = await person('Ada');
  await page.goto(server.ownerLink ?? '');
  await createAccount(page, 'Ada', 'Create the owner');
  await editorIsReady(page);
  return page;
}

async function join(page: Page, link: string, name: string): Promise<void> {
  await page.goto(link);
  await createAccount(page, name, 'Create the account');
  await editorIsReady(page);
}

/** What stands over a text that can only be read; Monaco says the same to whoever types. */
function isA(page: Page, role: string): Locator {
  return page.getByRole('status').filter({ hasText: `You are a ${role} here` });
}

test('an owner lets somebody in to read, and makes him an editor while he reads', async ({
  server,
  person,
}) => {
  const { page: ada } = await person('Ada');
  await test.step('the first start', async () => {
    await expect(ada.getByRole('heading', { name: 'This server has no owner yet' })).toBeVisible();
    await ada.goto(server.ownerLink ?? '');
    await expect(ada.getByRole('heading', { name: 'Make this server yours' })).toBeVisible();
    expect(new URL(ada.url()).hash).toBe(''); // the secret is not left in the address
    await createAccount(ada, 'Ada', 'Create the owner');
    await editorIsReady(ada);
    await typeAtTop(ada, '# written by the owner');
    await connectionIs(ada, 'Saved on server');
  });

  const { page: bob } = await person('Bob');
  await test.step('a viewer follows, and cannot type', async () => {
    await expect(bob.getByRole('heading', { name: 'Sign in' })).toBeVisible();
    const link = await invite(ada, 'Ada', 'Viewer');
    await expect(ada.getByRole('list', { name: 'Invitations' })).toContainText('As a viewer');
    await join(bob, link, 'Bob');
    await expect(linesOf(bob)).toContainText('# written by the owner');
    await expect(isA(bob, 'viewer')).toBeVisible();
    await textEditor(bob).focus();
    await bob.keyboard.type('not allowed');
    await expect(linesOf(bob)).not.toContainText('not allowed');
    await expect(bob.getByRole('button', { name: 'New file' })).toHaveCount(0);
    await connectionIs(bob, 'Saved on server');
  });

  await test.step('an editor from one moment to the next', async () => {
    await bob.evaluate(() => Object.assign(globalThis, { notReloaded: true }));
    await openSettings(ada, 'Ada', 'Members');
    await changeRole(ada, 'Bob', 'Editor');
    await expect(bob.getByText('You are an editor now')).toBeVisible();
    await expect(isA(bob, 'viewer')).toHaveCount(0);
    await typeAtTop(bob, '# written by Bob');
    await connectionIs(bob, 'Saved on server');
    expect(await bob.evaluate(() => 'notReloaded' in globalThis)).toBe(true);
    await changeRole(ada, 'Bob', 'Commenter');
    await expect(isA(bob, 'commenter')).toBeVisible();
    // What is being written outlives a role that does not allow to send it.
    await bob.getByRole('tab', { name: 'Comments' }).click();
    await bob.getByRole('button', { name: 'Comment on the selection' }).click();
    const comment = bob.getByRole('textbox', { name: 'Comment' });
    const send = bob.getByRole('button', { name: 'Comment', exact: true });
    await comment.fill('Half a thought');
    await changeRole(ada, 'Bob', 'Viewer');
    await expect(bob.getByText('What you wrote is kept.')).toBeVisible();
    await expect(comment).toHaveValue('Half a thought');
    await expect(send).toBeDisabled();
    await changeRole(ada, 'Bob', 'Commenter');
    await send.click();
    await expect(bob.getByRole('article', { name: 'Thread of Bob' })).toContainText('Half a thought');
    await goTo(ada, 'Editor');
    await expect(linesOf(ada)).toContainText('# written by Bob');
  });

  await test.step('nobody gets in twice by one invitation, nor by a wrong password', async () => {
    await openAccount(bob, 'Bob');
    await bob.getByRole('menuitem', { name: 'Sign out' }).click();
    await signIn(bob, 'Bob', 'not his password');
    await expect(notice(bob, 'Name and password do not fit together')).toBeVisible();
    await signIn(bob, 'Bob', PASSWORD);
    await editorIsReady(bob);
    await bob.goto(`${server.url}/invitation#nonsense`);
    await expect(bob.getByRole('heading', { name: 'This link does not work any more' })).toBeVisible();
  });
});

test('a share link lets a guest read until it is revoked; a key lets a program in', async ({
  server,
  person,
}) => {
  const ada = await claim(server, person);
  await openSettings(ada, 'Ada', 'Share links');
  await ada.getByRole('button', { name: 'New link' }).click();
  await ada.getByRole('dialog').getByLabel('Name').fill('Reviewer');
  await ada.getByRole('dialog').getByRole('button', { name: 'Make the link' }).click();
  const link = await takeOnce(ada, 'Link');
  expect(link).toContain('/share#');

  const { page: guest } = await person('Guest');
  await guest.goto(link);
  await editorIsReady(guest);
  await expect(linesOf(guest)).toContainText('model_type');
  await expect(isA(guest, 'viewer')).toBeVisible();
  await openAccount(guest, 'Reviewer');
  await expect(guest.getByText('Viewer in Home, through a link')).toBeVisible();
  await guest.keyboard.press('Escape');

  await revoke(ada, 'Reviewer');
  await expect(ada.getByText('No links.')).toBeVisible();
  await expect(guest.getByRole('dialog', { name: 'Your link has ended' })).toBeVisible();
  await guest.getByRole('button', { name: 'Leave' }).click();
  await expect(guest.getByRole('heading', { name: 'Sign in' })).toBeVisible();

  await ada.getByRole('tab', { name: 'API keys' }).click();
  await ada.getByRole('button', { name: 'New key' }).click();
  await ada.getByRole('dialog').getByLabel('Name').fill('nightly');
  await ada.getByRole('dialog').getByRole('button', { name: 'Make the key' }).click();
  const key = await takeOnce(ada, 'Key');
  const asProgram = () =>
    fetch(`${server.url}/api/v1/projects`, { headers: { authorization: `Bearer ${key}` } });
  expect((await asProgram()).status).toBe(200);
  await revoke(ada, 'nightly');
  await expect(ada.getByText('No keys.')).toBeVisible();
  expect((await asProgram()).status).toBe(401);
});

test('a session that ends in the middle of the work costs nothing', async ({ server, person }) => {
  const ada = await claim(server, person);
  const { page: elsewhere } = await person('Ada, elsewhere');
  await signIn(elsewhere, 'Ada', PASSWORD);
  await editorIsReady(elsewhere);
  // A new password ends every other session.
  const next = 'four loud rivers';
  await openSettings(elsewhere, 'Ada', 'Your sign-in');
  const sessions = elsewhere.getByRole('list', { name: 'Where you are signed in' }).getByRole('listitem');
  await expect(sessions).toHaveCount(2);
  await elsewhere.getByRole('textbox', { name: 'Password now' }).fill(PASSWORD);
  await elsewhere.getByRole('textbox', { name: 'New password' }).fill(next);
  await elsewhere.getByRole('button', { name: 'Change it' }).click();
  await expect(elsewhere.getByText('The new password is set.')).toBeVisible();
  await expect(sessions).toHaveCount(1);
  await expect(sessions).toContainText('This one');

  await expect(ada.getByRole('dialog', { name: 'Sign in to go on' })).toBeVisible();
  await ada.getByRole('button', { name: 'Go on without the server' }).click();
  await connectionIs(ada, 'Signed out · on this device');
  await typeAtTop(ada, '# while signed out');
  await ada.getByRole('button', { name: 'Sign in again' }).click();
  const dialog = ada.getByRole('dialog', { name: 'Sign in to go on' });
  await dialog.getByRole('textbox', { name: 'Password', exact: true }).fill(next);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await connectionIs(ada, 'Saved on server');
  await expect(sessions).toHaveCount(2);
  await elsewhere.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await expect(dialog).toBeVisible();
  await expect(sessions).toHaveCount(1);
  await goTo(elsewhere, 'Editor');
  await expect(linesOf(elsewhere)).toContainText('# while signed out');
});

test('workspaces are switched, and keep to themselves', async ({ server, person }) => {
  const ada = await claim(server, person);
  await openSettings(ada, 'Ada', 'Workspace');
  await ada.getByRole('textbox', { name: 'Name of the new workspace' }).fill('Lab');
  await ada.getByRole('button', { name: 'Create it' }).click();
  await expect(ada.getByRole('heading', { name: 'Lab' })).toBeVisible();
  await goTo(ada, 'Projects');
  await expect(ada.getByRole('heading', { name: 'Projects of Lab' })).toBeVisible();
  await expect(ada.getByText('No projects.')).toBeVisible();
  await openAccount(ada, 'Ada');
  await ada.getByRole('menuitem', { name: 'Home' }).click();
  await expect(ada.getByRole('heading', { name: 'Projects of Home' })).toBeVisible();
  await expect(ada.getByRole('link', { name: 'Sample: stories' })).toBeVisible();
});

test.describe('without sign-in', () => {
  test.use({ auth: 'off' });
  test('the studio says so', async ({ person }) => {
    const { page } = await person('Ada');
    await editorIsReady(page);
    await openAccount(page, 'Ada');
    await expect(page.getByText('works here without signing in')).toBeVisible();
    await page.getByRole('menuitem', { name: 'Workspace settings' }).click();
    await expect(page.getByText('Sign-in is off', { exact: true })).toBeVisible();
    await page.goto(new URL('/invitation#nonsense', page.url()).href);
    await expect(page.getByRole('heading', { name: 'No link is needed here' })).toBeVisible();
  });
});
