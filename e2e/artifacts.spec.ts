import type { Page } from '@playwright/test';
import { expect, test } from './testing/journey.ts';
import { goTo, pasteData } from './testing/screens.ts';
import { smallText } from './testing/texts.ts';

const place = (page: Page, text: string) =>
  page.getByRole('navigation', { name: 'Texts' }).getByRole('button', { name: text });

// Data is here at once, on the server when there is one, and says which.
test('a text that was added without a server is sent when it is back, and the other person has it', async ({
  server,
  person,
}) => {
  const { page: ada } = await person('Ada');
  await goTo(ada, 'Data');
  await pasteData(ada, 'first.txt', smallText());
  await expect(place(ada, 'first.txt').getByRole('img', { name: 'here and on the server' })).toBeVisible();

  await server.kill();
  await pasteData(ada, 'offline.txt', `${smallText()}\nand more`);
  await expect(place(ada, 'offline.txt').getByRole('img', { name: 'here only' })).toBeVisible();
  await expect(ada.getByRole('region', { name: 'Status' })).toContainText('on this device only');
  await server.restart();
  await ada.reload();
  await expect(place(ada, 'offline.txt').getByRole('img', { name: 'here and on the server' })).toBeVisible({
    timeout: 60_000,
  });

  const { page: bob } = await person('Bob');
  await goTo(bob, 'Data');
  // It comes by itself, before he looks at it.
  await expect(place(bob, 'offline.txt').getByRole('img', { name: 'here and on the server' })).toBeVisible({
    timeout: 60_000,
  });
  await place(bob, 'offline.txt').click();
  await expect(bob.getByRole('heading', { name: 'offline.txt' })).toBeVisible();
});
