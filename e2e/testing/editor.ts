import { expect, type Locator, type Page } from '@playwright/test';

/** The text of the file that the editor shows. */
export function textEditor(page: Page, file = 'anneal.yaml'): Locator {
  return page.getByRole('textbox', { name: `Text of ${file}` });
}

/** What stands on the screen, hints included; whitespace is Playwright's to normalise. */
export function linesOf(page: Page): Locator {
  return page.locator('.view-lines');
}

export async function editorIsReady(page: Page, file = 'anneal.yaml'): Promise<void> {
  // A first page and the editor are the most that is loaded at once, beside another journey's.
  await expect(textEditor(page, file)).toBeAttached({ timeout: 60_000 });
  await expect(page.getByRole('status').filter({ hasText: 'Loading the editor' })).toHaveCount(0);
}

/** Replaces the whole text through the clipboard, as a person would: typing would be indented by the editor. */
export async function pasteText(page: Page, text: string, file = 'anneal.yaml'): Promise<void> {
  await editorIsReady(page, file);
  await page.evaluate((value) => navigator.clipboard.writeText(value), text);
  await textEditor(page, file).focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('ControlOrMeta+v');
  await expect.poll(() => copyText(page, file)).toBe(text);
}

/** The whole text, exactly, through the clipboard. */
export async function copyText(page: Page, file = 'anneal.yaml'): Promise<string> {
  await textEditor(page, file).focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('ControlOrMeta+c');
  return await page.evaluate(() => navigator.clipboard.readText());
}

/** Types a line of its own at the very top. */
export async function typeAtTop(page: Page, line: string, file = 'anneal.yaml'): Promise<void> {
  await textEditor(page, file).focus();
  await page.keyboard.press('ControlOrMeta+Home');
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.type(line);
  await page.keyboard.press('Escape');
}

/** Presses Train once nothing stands in the way, and resolves with the run's id once its screen is there. */
export async function train(page: Page): Promise<string> {
  const button = page.getByRole('button', { name: 'Train', exact: true });
  await expect(button).toHaveAttribute('aria-disabled', 'false');
  await button.click();
  await page.waitForURL(/\/runs\/[^/?]+/);
  return runOf(page);
}

export function runOf(page: Page): string {
  const id = /\/runs\/([^/?]+)/.exec(page.url())?.[1];
  if (id === undefined) throw new Error(`${page.url()} is no run's screen`);
  return id;
}
