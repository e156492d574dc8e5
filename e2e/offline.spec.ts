import type { Page } from '@playwright/test';
import { connectionIs, tryNow } from './testing/connection.ts';
import { copyText, editorIsReady, linesOf, pasteText, train, typeAtTop } from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { runIs } from './testing/runs.ts';
import { goTo, pasteData } from './testing/screens.ts';
import { smallText, tinyConfig } from './testing/texts.ts';

/** The service worker has everything, and this load is its own. */
async function isKeptHere(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await page.reload();
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
}

// A server that dies loses nothing, and nobody has to stop writing.
test('both go on while the server is gone, and their texts merge when it is back', async ({
  server,
  person,
}) => {
  const { page: ada } = await person('Ada');
  const { page: bob } = await person('Bob');
  await editorIsReady(bob);
  await typeAtTop(ada, '# before the cut');
  await expect(linesOf(bob)).toContainText('# before the cut');
  await connectionIs(ada, 'Saved on server');

  await server.kill();
  await connectionIs(ada, 'Offline · on this device');
  await connectionIs(bob, 'Offline · on this device');
  await typeAtTop(ada, '# Ada, alone');
  await typeAtTop(bob, '# Bob, alone');
  await expect(linesOf(ada)).not.toContainText('# Bob, alone');
  await expect(linesOf(bob)).not.toContainText('# Ada, alone');

  await server.restart();
  await tryNow(ada);
  await tryNow(bob);
  await connectionIs(ada, 'Saved on server');
  await connectionIs(bob, 'Saved on server');
  await expect(linesOf(ada)).toContainText('# Bob, alone');
  await expect(linesOf(bob)).toContainText('# Ada, alone');
  const merged = await copyText(ada);
  expect(await copyText(bob)).toBe(merged);
  for (const line of ['# before the cut', '# Ada, alone', '# Bob, alone', 'model_type: gpt2'])
    expect(merged.split(line)).toHaveLength(2); // once, neither lost nor doubled
});

test('a reload without a network opens the app and its last state', async ({ server, person }) => {
  const { page, context } = await person('Ada');
  await editorIsReady(page);
  await typeAtTop(page, '# the last thing written');
  await connectionIs(page, 'Saved on server');
  await isKeptHere(page);
  await editorIsReady(page);
  const before = await copyText(page);
  expect(before).toContain('# the last thing written');

  await server.kill();
  await context.setOffline(true);
  await page.reload();
  await editorIsReady(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(await copyText(page)).toBe(before);
  await typeAtTop(page, '# written without a network');
  await page.reload();
  await editorIsReady(page);
  await expect(linesOf(page)).toContainText('# written without a network');
  // Pre-flight is here, not on the server.
  await expect(page.getByRole('region', { name: 'Estimate' }).getByText('Parameters')).toBeVisible();

  await server.restart();
  await context.setOffline(false);
  await tryNow(page);
  await connectionIs(page, 'Saved on server');
  const later = await person('Bob');
  await editorIsReady(later.page);
  await expect(linesOf(later.page)).toContainText('# written without a network');
});

test('a run that is started without the server has its version when it is back', async ({
  server,
  person,
}) => {
  const { page } = await person('Ada');
  await pasteData(page, 'pasted.txt', smallText());
  await goTo(page, 'Editor');
  await pasteText(page, tinyConfig({ steps: 5 }));
  await connectionIs(page, 'Saved on server');
  await isKeptHere(page); // also the screens that nobody has looked at yet
  await editorIsReady(page);
  await server.kill();
  await train(page);
  await runIs(page, 'finished');
  await server.restart();
  await page.reload();
  await goTo(page, 'Editor');
  await editorIsReady(page);
  await page.getByRole('tab', { name: 'History' }).click();
  await expect(page.getByRole('button', { name: 'Compare with Before tiny 1' })).toHaveCount(1, {
    timeout: 60_000,
  });
});
