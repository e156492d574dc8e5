import { expect, type Locator, type Page } from '@playwright/test';

type Section = 'Editor' | 'Data' | 'Runs' | 'Models' | 'Projects';

/** Goes to a section by the rail, as people do: the page stays loaded. */
export async function goTo(page: Page, section: Section): Promise<void> {
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: section }).click();
}

/** Pastes a text on the Data screen and waits until it is listed and looked at. */
export async function pasteData(page: Page, name: string, text: string): Promise<void> {
  await goTo(page, 'Data');
  await page.getByRole('button', { name: 'Paste a text' }).click();
  const dialog = page.getByRole('dialog', { name: 'Paste a text' });
  await dialog.getByLabel('Name in the project').fill(name);
  await dialog.getByRole('textbox', { name: 'Text', exact: true }).fill(text);
  await dialog.getByRole('button', { name: 'Add to the project' }).click();
  await expect(page.getByRole('heading', { name })).toBeVisible();
  await expect(page.getByText('sha256')).toBeVisible();
}

/** A notification with this text. */
export function notice(page: Page, text: string | RegExp): Locator {
  return page.getByRole('alert').filter({ hasText: text });
}
