import { expect, type Page } from '@playwright/test';

export const PASSWORD = 'three quiet rivers';

/** Chooses a name and a password, on the page of an invitation. */
export async function createAccount(page: Page, name: string, button: string): Promise<void> {
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
  await page.getByRole('textbox', { name: 'Password, once more' }).fill(PASSWORD);
  await page.getByRole('button', { name: button }).click();
}

export async function signIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Opens the menu of one's own face. */
export async function openAccount(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `You are ${name}.` }).click();
}

export async function openSettings(page: Page, name: string, tab: string): Promise<void> {
  await openAccount(page, name);
  await page.getByRole('menuitem', { name: 'Workspace settings' }).click();
  await page.getByRole('tab', { name: tab }).click();
}

/** Reads what is shown this once, and closes it. */
export async function takeOnce(page: Page, label: 'Link' | 'Key'): Promise<string> {
  const dialog = page.getByRole('dialog');
  const value = await dialog.getByRole('textbox', { name: label }).inputValue();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(dialog).toHaveCount(0);
  return value;
}

/** An owner's link with which the next one becomes a member. */
export async function invite(owner: Page, name: string, role: string): Promise<string> {
  await openSettings(owner, name, 'Members');
  await owner.getByRole('button', { name: 'Invite somebody' }).click();
  const dialog = owner.getByRole('dialog');
  await dialog.getByRole('radio', { name: role }).check();
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  return await takeOnce(owner, 'Link');
}

/** A key or a share link, by its name. */
export async function revoke(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Revoke ${name}` }).click();
  const dialog = page.getByRole('dialog', { name: `Revoke ${name}?` });
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
}

export async function changeRole(owner: Page, name: string, role: string): Promise<void> {
  await owner.getByRole('combobox', { name: `Role of ${name}` }).click();
  await owner.getByRole('option', { name: role }).click();
}
