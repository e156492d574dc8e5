import { createHash } from 'node:crypto';
import type { Page } from '@playwright/test';
import { CHUNK_BYTES } from '../src/sdk/upload.ts';
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
  await expect(place(ada, 'offline.txt')).toContainText('· here only');
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

test('what the workspace has no room for is said before a byte is sent, and is sent when there is', async ({
  person,
}) => {
  const { page } = await person('Ada');
  await goTo(page, 'Data');
  const setQuota = (quota: number | null) =>
    page.evaluate(async (wish) => {
      const headers = { 'content-type': 'application/json' };
      const init = { method: 'PUT', headers, body: JSON.stringify({ quota: wish }) };
      return (await fetch('/api/v1/workspaces/home/artifacts/quota', init)).status;
    }, quota);
  expect(await setQuota(1_000)).toBe(200);
  const sent: string[] = [];
  page.on('request', (request) => {
    if (/\/(uploads|artifacts)\/?/.test(request.url()) && ['PATCH', 'PUT'].includes(request.method()))
      sent.push(request.url());
  });
  await pasteData(page, 'large.txt', smallText());
  const status = page.getByRole('region', { name: 'Status' });
  await expect(place(page, 'large.txt').getByRole('img', { name: 'here only' })).toBeVisible();
  await status.getByRole('button', { name: 'Data and models' }).click();
  await expect(page.getByText('there is no room for 3.66 kB more')).toBeVisible();
  expect(sent).toEqual([]);
  await page.reload();
  await place(page, 'large.txt').click(); // it is all here
  await expect(page.getByText('sha256')).toBeVisible();
  expect(await setQuota(null)).toBe(200);
  await status.getByRole('button', { name: 'Data and models' }).click();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(place(page, 'large.txt').getByRole('img', { name: 'here and on the server' })).toBeVisible();
});

test('an upload that a reload cuts goes on where it was, and ends whole', async ({ server, person }) => {
  const { page } = await person('Ada');
  await goTo(page, 'Data');
  const line = 'Once the cat sat on the mat, and on, and on, and on, and on, and on.\n';
  const buffer = Buffer.from(line.repeat(Math.ceil((CHUNK_BYTES * 1.1) / line.length)));
  /** The first chunk is sent; what comes then is on its way until the page is loaded again. */
  const offsets: number[] = [];
  let isCut = false;
  await page.route('**/api/v1/uploads/**', async (route) => {
    const offset = route.request().headers()['upload-offset'];
    if (route.request().method() === 'PATCH') offsets.push(Number(offset));
    if (isCut || Number(offset ?? 0) === 0) await route.continue();
  });
  await page
    .locator('input[type=file]')
    .first()
    .setInputFiles({ name: 'large.txt', mimeType: 'text/plain', buffer });
  await expect.poll(() => offsets, { timeout: 60_000 }).toEqual([0, CHUNK_BYTES]);
  isCut = true;
  offsets.length = 0;
  await page.reload();
  await expect(place(page, 'large.txt').getByRole('img', { name: 'here and on the server' })).toBeVisible({
    timeout: 60_000,
  });
  expect([...new Set(offsets)]).toEqual([CHUNK_BYTES]); // and nothing before it a second time
  const sha256 = createHash('sha256').update(buffer).digest('hex');
  const stored = await page.request.get(`${server.url}/api/v1/artifacts/${sha256}`);
  expect(
    createHash('sha256')
      .update(await stored.body())
      .digest('hex'),
  ).toBe(sha256);
});
