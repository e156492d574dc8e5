import type { Locator, Page } from '@playwright/test';
import { copyText, editorIsReady, linesOf, pasteText, textEditor, typeAtTop } from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { notice } from './testing/screens.ts';
import { tinyConfig } from './testing/texts.ts';

const CONFIG = tinyConfig({ source: 'stories' });

// Two people work on one config: what they say about it, what they propose, and how they go back.
test('two people comment, suggest, name a version and go back to it', async ({ person }) => {
  const { page: ada } = await person('Ada');
  const { page: bob } = await person('Bob');
  await editorIsReady(bob);
  await pasteText(ada, CONFIG);
  await expect(linesOf(bob)).toContainText('max_steps: 60');

  await test.step('a comment with a mention is there at once, and unread', async () => {
    await caretOn(ada, 'max_steps');
    await ada.keyboard.press('Shift+F2');
    await ada.getByRole('textbox', { name: 'Comment' }).fill('Is that enough, @Bob?');
    await ada.getByRole('button', { name: 'Comment', exact: true }).click();
    await sideTab(bob, 'Comments').click();
    const thread = bob.getByRole('article', { name: 'Thread of Ada' });
    await expect(thread).toContainText('max_steps: 60');
    await expect(thread).toContainText('Is that enough, @Bob?');
    await expect(thread).toContainText('You are mentioned');
    await thread.getByRole('button', { name: 'Mark as read' }).click();
    await expect(thread).not.toContainText('You are mentioned');
    await bob.reload();
    await editorIsReady(bob);
    await sideTab(bob, 'Comments').click();
    await expect(thread).toContainText('Is that enough');
    await expect(thread).not.toContainText('You are mentioned');
  });
  await test.step('it stays with its words, is answered and resolved', async () => {
    await typeAtTop(ada, '# a line above');
    const thread = bob.getByRole('article', { name: 'Thread of Ada' });
    await expect(linesOf(bob)).toContainText('# a line above');
    await thread.getByText('max_steps: 60').click();
    await expect(textEditor(bob)).toBeFocused();
    await bob.keyboard.press('ControlOrMeta+c');
    expect(await bob.evaluate(() => navigator.clipboard.readText())).toBe('max_steps: 60');
    await thread.getByRole('button', { name: 'Reply' }).click();
    await thread.getByRole('textbox', { name: 'Reply' }).fill('I would take more.');
    await thread.getByRole('button', { name: 'Reply' }).click();
    const same = ada.getByRole('article', { name: 'Thread of Ada' });
    await expect(same).toContainText('I would take more.');
    await same.getByRole('button', { name: 'Resolve' }).click();
    await expect(thread.getByRole('button', { name: 'Resolve' })).toHaveCount(0);
  });
  await test.step('a suggestion is accepted: the text changes for both', async () => {
    await caretOn(bob, 'max_steps');
    await bob.keyboard.press('Shift+F4');
    await bob.getByLabel('Instead').fill('max_steps: 80');
    await bob.getByLabel('What it is good for').fill('A little longer');
    await bob.getByRole('button', { name: 'Suggest', exact: true }).click();
    await expect(linesOf(ada)).not.toContainText('max_steps: 80');
    await sideTab(ada, 'Suggestions').click();
    const suggestion = ada.getByRole('article', { name: 'Suggestion: A little longer' });
    await suggestion.getByRole('button', { name: 'Accept' }).click();
    for (const page of [ada, bob]) await expect(linesOf(page)).toContainText('max_steps: 80');
  });
  await test.step('a fix of pre-flight can be suggested instead of made', async () => {
    await pasteText(ada, tinyConfig({ source: 'stories', embd: 130, heads: 4 }));
    const problems = ada.getByRole('region', { name: 'Problems' });
    const problem = problems.getByRole('listitem').filter({ hasText: 'Use 128' });
    await problem.getByRole('button', { name: 'Suggest it to the others' }).first().click();
    await ada.getByRole('button', { name: 'Suggest', exact: true }).click();
    await sideTab(bob, 'Suggestions').click();
    await bob
      .getByRole('article', { name: 'Suggestion: Use 128' })
      .getByRole('button', { name: 'Accept' })
      .click();
    await expect(linesOf(ada)).toContainText('n_embd: 128');
  });
  await test.step('who wrote what stands in the gutter', async () => {
    await sideTab(bob, 'History').click();
    await bob.getByRole('switch', { name: 'Who wrote what' }).click();
    await expect(bob.locator('.line-numbers', { hasText: 'Ada' }).first()).toBeVisible();
    await bob.getByRole('switch', { name: 'Who wrote what' }).click();
    await expect(bob.locator('.line-numbers', { hasText: 'Ada' })).toHaveCount(0);
  });
  await test.step('a named version is compared and restored; that too can be taken back', async () => {
    const kept = await copyText(ada);
    await sideTab(ada, 'History').click();
    await ada.getByLabel('Name of a new version').fill('good start');
    await ada.getByRole('button', { name: 'Keep' }).click();
    await expect(ada.getByRole('button', { name: 'Compare with good start' })).toBeVisible();
    await typeAtTop(bob, '# not so good');
    await expect(linesOf(ada)).toContainText('# not so good');
    await ada.getByRole('button', { name: 'Compare with good start' }).click();
    const dialog = ada.getByRole('dialog', { name: /good start/ });
    await expect(dialog).toContainText('# not so good');
    await dialog.getByRole('button', { name: 'Restore this version' }).click();
    await expect(linesOf(bob)).not.toContainText('# not so good');
    expect(await copyText(bob)).toBe(kept);
    await notice(ada, 'Restored: good start').getByRole('button', { name: 'Undo' }).click();
    await expect(linesOf(bob)).toContainText('# not so good');
  });
});

test('two sound edits that do not parse together are told to both, and taken back with one key', async ({
  server,
  person,
}) => {
  const { page: ada } = await person('Ada');
  const { page: bob } = await person('Bob');
  await editorIsReady(bob);
  await pasteText(ada, CONFIG);
  await expect(linesOf(bob)).toContainText('max_steps: 60');

  await server.kill();
  for (const page of [ada, bob])
    await expect(page.getByRole('button', { name: /Connection: Offline/ })).toBeVisible({ timeout: 60_000 });
  await addBelow(ada, 'seed', 'warmup_steps: 5');
  await addBelow(bob, 'seed', 'warmup_steps: 9');
  for (const page of [ada, bob]) await expect(trainButton(page)).toHaveAttribute('aria-disabled', 'false');
  const adas = await copyText(ada);

  await server.restart();
  for (const page of [ada, bob]) {
    await expect(mergeNotice(page)).toBeVisible({ timeout: 60_000 });
    await expect(linesOf(page)).toContainText('warmup_steps: 9');
  }
  await mergeNotice(bob).getByRole('button', { name: 'Show the last good one' }).click();
  const dialog = bob.getByRole('dialog', { name: /last config that parsed/ });
  await expect(dialog).toContainText('warmup_steps: 5');
  await dialog.getByRole('button', { name: 'Close' }).last().click();

  await textEditor(ada).focus();
  await ada.keyboard.press('F9');
  for (const page of [ada, bob]) await expect(mergeNotice(page)).toHaveCount(0);
  for (const page of [ada, bob]) await expect.poll(() => copyText(page)).toBe(adas);
  for (const page of [ada, bob]) await expect(trainButton(page)).toHaveAttribute('aria-disabled', 'false');
});

test('somebody who is in the middle of a line is no merge', async ({ person }) => {
  const { page: ada } = await person('Ada');
  const { page: bob } = await person('Bob');
  await editorIsReady(bob);
  await pasteText(ada, CONFIG);
  await expect(linesOf(bob)).toContainText('max_steps: 60');
  const wasTold = await watchFor(bob, 'Edits have met');
  // Unfinished for longer than the guard waits for somebody to say that it is his typing.
  await caretOn(ada, 'seed');
  await ada.keyboard.press('Enter');
  await ada.keyboard.type('warmup_steps: [1, 2, 3, 4, 5, 6', { delay: 200 });
  await expect(linesOf(bob)).toContainText('[1, 2, 3, 4, 5, 6');
  await expect(trainButton(bob)).toHaveAttribute('aria-disabled', 'true');
  expect(await wasTold()).toBe(false);
  await expect(mergeNotice(ada)).toHaveCount(0);
});

function sideTab(page: Page, name: string): Locator {
  return page.getByRole('tab', { name: new RegExp(`^${name}`) });
}

function mergeNotice(page: Page): Locator {
  return page.getByRole('alert').filter({ hasText: 'Edits have met' });
}

/** Blocked while the config has an error. */
function trainButton(page: Page): Locator {
  return page.getByRole('button', { name: 'Train', exact: true });
}

/** Notices the words whenever they are on the page, however shortly. */
async function watchFor(page: Page, words: string): Promise<() => Promise<boolean>> {
  const seen = await page.evaluateHandle((wanted) => {
    const state = { seen: false };
    const look = (): void => {
      if (document.body.innerText.includes(wanted)) state.seen = true;
    };
    new MutationObserver(look).observe(document.body, {
      childList: true,
      subtree: true,
      characterData: true,
    });
    return state;
  }, words);
  return () => seen.evaluate((state) => state.seen);
}

/** Puts the caret at the end of the first line that begins with a key. */
async function caretOn(page: Page, key: string): Promise<void> {
  const lines = (await copyText(page)).split('\n');
  const line = lines.findIndex((one) => one.trim().startsWith(`${key}:`));
  await page.keyboard.press('ControlOrMeta+Home');
  for (let i = 0; i < line; i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
}

/** Types a line of its own below the line of a key, indented as that one is. */
async function addBelow(page: Page, key: string, line: string): Promise<void> {
  await caretOn(page, key);
  await page.keyboard.press('Enter');
  await page.keyboard.type(line);
  await page.keyboard.press('Escape');
}
