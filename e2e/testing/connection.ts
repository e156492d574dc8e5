import { expect, type Page } from '@playwright/test';

export async function connectionIs(page: Page, words: string): Promise<void> {
  await expect(page.getByRole('button', { name: `Connection: ${words}` })).toBeVisible({ timeout: 60_000 });
}

/** Does not wait for the back-off, which may have grown to half a minute. */
export async function tryNow(page: Page): Promise<void> {
  const status = page.getByRole('button', { name: /^Connection: / });
  await status.click();
  const link = page.getByRole('button', { name: 'Try now' });
  // It may have come back by itself in the meantime.
  await expect(link.or(page.getByText("Everything is on the server's disk")).first()).toBeVisible();
  if (await link.isVisible()) await link.click({ timeout: 2000 }).catch(() => undefined);
  await page.keyboard.press('Escape');
}
