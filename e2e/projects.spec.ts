import { editorIsReady, linesOf, pasteText, textEditor, train, typeAtTop } from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { runIs, stateBadge } from './testing/runs.ts';
import { goTo, notice, pasteData } from './testing/screens.ts';
import { ENDLESS, smallText, tinyConfig } from './testing/texts.ts';

test('projects and files are made, renamed, deleted and brought back', async ({ server, person }) => {
  const { page } = await person('Ada');
  const { page: bob } = await person('Bob');
  await goTo(page, 'Projects');
  await page.getByRole('button', { name: 'New project' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Rivers');
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  await page.waitForURL(/\/p\/rivers/i);
  await editorIsReady(page);
  const address = new URL(page.url()).pathname;

  await test.step('a file', async () => {
    await bob.goto(server.url + address);
    await page.getByRole('button', { name: 'New file' }).click();
    await page.getByLabel('Path in the project').fill('notes/plan.md');
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
    await editorIsReady(page, 'notes/plan.md');
    await typeAtTop(page, 'first thoughts', 'notes/plan.md');
    // It is the other's at once.
    const theirs = bob.getByRole('tree', { name: 'Files of the project' });
    await theirs.getByText('notes', { exact: true }).click();
    await theirs.getByRole('button', { name: 'plan.md', exact: true }).click();
    await expect(linesOf(bob)).toContainText('first thoughts');

    await page.getByRole('button', { name: 'Actions for notes/plan.md' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    await page.getByLabel('Path in the project').fill('notes/ideas.md');
    await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
    await expect(textEditor(page, 'notes/ideas.md')).toBeAttached();
    await expect(textEditor(bob, 'notes/ideas.md')).toBeAttached(); // who had it open follows
    await expect(linesOf(bob)).toContainText('first thoughts');

    await page.getByRole('button', { name: 'Actions for notes/ideas.md' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    const deleted = notice(page, 'notes/ideas.md is deleted');
    await deleted.hover(); // it stays until the other page has heard
    await expect(bob.getByText('notes/ideas.md has been deleted', { exact: true })).toBeVisible();
    await deleted.getByRole('button', { name: 'Undo' }).click();
    await expect(linesOf(page)).toContainText('first thoughts');
  });

  await test.step('the project', async () => {
    await goTo(page, 'Projects');
    await page.getByRole('button', { name: 'Rename Rivers' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('Streams');
    await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
    await expect(page.getByRole('link', { name: 'Streams' })).toHaveAttribute('href', address);
    await page.getByRole('button', { name: 'Delete Streams' }).click();
    await expect(page.getByRole('link', { name: 'Streams' })).toHaveCount(0);
    await notice(page, 'Streams is deleted').getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('link', { name: 'Streams' }).click();
    await editorIsReady(page);
    await expect(linesOf(page)).toContainText('model_type: gpt2');
  });
});

test('two tabs are one person, and one of them trains', async ({ server, person }) => {
  const { page: first, context } = await person('Ada');
  const { page: bob } = await person('Bob');
  await pasteData(first, 'pasted.txt', smallText());
  await goTo(first, 'Editor');
  await pasteText(first, tinyConfig({ steps: ENDLESS, save: 500, device: 'tfjs-wasm' }));
  const second = await context.newPage();
  await second.goto(server.url);
  await editorIsReady(second);
  await expect(linesOf(second)).toContainText('max_steps: 10000000');
  // One face for both of them.
  await expect(bob.getByRole('button', { name: /^Go to Ada/ })).toHaveCount(1);
  await typeAtTop(second, '# from the second tab');
  await expect(linesOf(first)).toContainText('# from the second tab');

  const run = await train(first);
  await runIs(first, 'running');
  await test.step('the other tab cannot start one, and follows this one', async () => {
    await second.getByRole('button', { name: 'Train', exact: true }).click();
    await expect(notice(second, 'tiny 1 is training')).toBeVisible();
    await second.getByRole('link', { name: /tiny 1 · step \d+/ }).click();
    await expect(second).toHaveURL(new RegExp(`/runs/${run}`));
    await runIs(second, 'running');
    const progress = second.getByRole('progressbar', { name: /^Step \d+ of 100000/ });
    const before = await progress.getAttribute('aria-label');
    await expect(progress).not.toHaveAttribute('aria-label', before ?? '');
  });
  await test.step('it ends for both', async () => {
    await first.getByRole('button', { name: 'Stop', exact: true }).click();
    await runIs(first, 'stopped');
    await expect(stateBadge(second)).toHaveAttribute('data-state', 'stopped');
  });
});
