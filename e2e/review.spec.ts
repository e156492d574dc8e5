import type { Locator, Page } from '@playwright/test';
import { tryNow } from './testing/connection.ts';
import {
  copyText,
  editorIsReady,
  linesOf,
  pasteText,
  textEditor,
  train,
  typeAtTop,
} from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { runIs } from './testing/runs.ts';
import { goTo, notice } from './testing/screens.ts';
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
  await test.step('its mark in the gutter leads to it', async () => {
    await sideTab(bob, 'History').click();
    await expect(bob.locator('.thread-mark')).toHaveCount(1);
    await bob.locator('.thread-mark').click();
    await expect(bob.getByRole('article', { name: 'Thread of Ada' })).toHaveAttribute(
      'data-selected',
      'true',
    );
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
    for (const page of [ada, bob]) await expect(page.locator('.thread-mark')).toHaveCount(0);
  });
  await test.step('a suggestion is accepted: the text changes for both', async () => {
    await suggest(bob, 'max_steps', 'max_steps: 80', 'A little longer');
    await expect(linesOf(ada)).not.toContainText('max_steps: 80');
    await sideTab(ada, 'Suggestions').click();
    await expect(ada.locator('.suggestion-mark')).toHaveCount(1);
    await suggestionOf(ada, 'A little longer').getByRole('button', { name: 'Accept' }).click();
    for (const page of [ada, bob]) await expect(linesOf(page)).toContainText('max_steps: 80');
  });
  await test.step('another is rejected, a third is taken back by who made it: nothing changes', async () => {
    const before = await copyText(ada);
    await suggest(bob, 'seed', 'seed: 8', 'Another seed');
    await suggest(bob, 'seed', 'seed: 9', 'Yet another');
    await suggestionOf(bob, 'Yet another').getByRole('button', { name: 'Take back' }).click();
    await expect(suggestionOf(ada, 'Yet another')).toHaveCount(0);
    const rejected = suggestionOf(ada, 'Another seed');
    await expect(rejected.getByRole('button', { name: 'Take back' })).toHaveCount(0); // it is not hers
    await rejected.getByRole('button', { name: 'Reject' }).click();
    await expect(ada.getByRole('button', { name: 'Reject' })).toHaveCount(0);
    await ada.getByRole('switch', { name: 'Show decided (3)' }).click();
    await expect(rejected).toContainText('rejected');
    await expect(suggestionOf(ada, 'Yet another')).toContainText('withdrawn');
    expect(await copyText(ada)).toBe(before);
  });
  await test.step('a run is kept as what it trained, and speaks for a suggestion', async () => {
    await train(ada);
    await runIs(ada, 'finished');
    await goTo(ada, 'Editor');
    await editorIsReady(ada);
    await sideTab(bob, 'History').click();
    await expect(bob.getByRole('button', { name: 'Compare with Before tiny 1' })).toBeVisible();
    await caretOn(ada, 'learning_rate');
    await ada.keyboard.press('Shift+F4');
    await ada.getByLabel('Instead').fill('learning_rate: 4.0e-3');
    await ada.getByLabel('What it is good for').fill('Slower');
    await ada.getByRole('combobox', { name: 'Evidence' }).click();
    await ada.getByRole('option', { name: 'tiny 1' }).click();
    // Somewhere else and back: what was written is still there.
    await sideTab(ada, 'Estimate').click();
    await sideTab(ada, 'Suggestions').click();
    await expect(ada.getByLabel('What it is good for')).toHaveValue('Slower');
    await expect(ada.getByRole('combobox', { name: 'Evidence' })).toHaveValue('tiny 1');
    await ada.getByRole('button', { name: 'Suggest', exact: true }).click();
    await sideTab(bob, 'Suggestions').click();
    const note = suggestionOf(bob, 'Slower').getByRole('note');
    await expect(note).toContainText(/tiny 1: finished after 80 steps.*loss \d/);
  });
  await test.step('a fix of pre-flight can be suggested instead of made', async () => {
    await pasteText(ada, tinyConfig({ source: 'stories', embd: 130, heads: 4 }));
    const problems = ada.getByRole('region', { name: 'Problems' });
    const problem = problems.getByRole('listitem').filter({ hasText: 'Use 128' });
    await problem.getByRole('button', { name: 'Suggest it to the others' }).first().click();
    await ada.getByRole('button', { name: 'Suggest', exact: true }).click();
    await sideTab(bob, 'Suggestions').click();
    await suggestionOf(bob, 'Use 128').getByRole('button', { name: 'Accept' }).click();
    await expect(linesOf(ada)).toContainText('n_embd: 128');
  });
  await test.step('a mention in another file leads there, and is read then', async () => {
    await ada.getByRole('button', { name: 'New file' }).click();
    await ada.getByRole('dialog').getByRole('textbox').fill('notes.md');
    await ada.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
    await editorIsReady(ada, 'notes.md');
    await sideTab(ada, 'Comments').click();
    await ada.getByRole('button', { name: 'Comment on the selection' }).click();
    await ada.getByRole('textbox', { name: 'Comment' }).fill('Write it down here, @Bob');
    await ada.getByRole('button', { name: 'Comment', exact: true }).click();
    await expect(ada.getByRole('article', { name: 'Thread of Ada' })).toBeVisible();
    await bob.reload();
    await editorIsReady(bob);
    await sideTab(bob, 'Comments').click();
    await bob.getByRole('region', { name: 'Comments' }).getByRole('button', { name: 'notes.md' }).click();
    await editorIsReady(bob, 'notes.md');
    const thread = bob.getByRole('article', { name: 'Thread of Ada' });
    await expect(thread).toContainText('Write it down here, @Bob');
    await expect(thread).toHaveAttribute('data-selected', 'true');
    await expect(thread).not.toContainText('You are mentioned');
    for (const page of [ada, bob]) {
      await page.getByRole('treeitem', { name: 'anneal.yaml' }).click();
      await editorIsReady(page);
    }
    await sideTab(bob, 'Comments').click();
    await expect(bob.getByText('mentioned you in')).toHaveCount(0);
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
    // From within the text, whose editor has other uses for the key.
    await ada.keyboard.press('ControlOrMeta+k');
    await expect(ada.getByRole('textbox', { name: 'Search commands' })).toBeFocused();
    await ada.keyboard.type('Versions of');
    await ada.getByText('Versions of this text').click();
    await ada.getByLabel('Name of a new version').fill('good start');
    await ada.getByRole('button', { name: 'Keep' }).click();
    await expect(ada.getByRole('button', { name: 'Compare with good start' })).toBeVisible();
    await typeAtTop(bob, '# not so good');
    await expect(linesOf(ada)).toContainText('# not so good');
    await ada.getByRole('button', { name: 'Compare with good start' }).click();
    const dialog = ada.getByRole('dialog', { name: /good start/ });
    await expect(dialog).toContainText('# not so good');
    await dialog.getByRole('button', { name: 'Restore this version' }).click();
    const restored = notice(ada, 'Restored: good start');
    await restored.hover(); // it stays until the other page has heard
    await expect(linesOf(bob)).not.toContainText('# not so good');
    expect(await copyText(bob)).toBe(kept);
    await restored.getByRole('button', { name: 'Undo' }).click();
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
  const [adas, bobs] = [await copyText(ada), await copyText(bob)];

  await server.restart();
  for (const page of [ada, bob]) await tryNow(page);
  for (const page of [ada, bob]) {
    await expect(mergeNotice(page)).toBeVisible({ timeout: 60_000 });
    await expect(linesOf(page)).toContainText('warmup_steps: 9');
  }
  await mergeNotice(bob).getByRole('button', { name: 'Show the last good one' }).click();
  const dialog = bob.getByRole('dialog', { name: /last config that parsed/ });
  await expect(dialog).toContainText('warmup_steps: 5');
  await dialog.getByRole('button', { name: 'Close' }).last().click();

  const { page: carol } = await person('Carol');
  await expect(mergeNotice(carol)).toBeVisible({ timeout: 60_000 });

  // Both at once, one of them from somewhere else on the page: one of them does it.
  await textEditor(ada).focus();
  await sideTab(bob, 'History').focus();
  await Promise.all([ada.keyboard.press('F9'), bob.keyboard.press('F9')]);
  for (const page of [ada, bob, carol]) await expect(mergeNotice(page)).toHaveCount(0);
  await expect.poll(async () => [adas, bobs].includes(await copyText(ada))).toBe(true);
  const left = await copyText(ada);
  for (const page of [bob, carol]) await expect.poll(() => copyText(page)).toBe(left);
  for (const page of [ada, bob, carol])
    await expect(trainButton(page)).toHaveAttribute('aria-disabled', 'false');
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

function suggestionOf(page: Page, title: string): Locator {
  return page.getByRole('article', { name: `Suggestion: ${title}` });
}

/** Proposes another line for the one of a key. */
async function suggest(page: Page, key: string, line: string, title: string): Promise<void> {
  await caretOn(page, key);
  await page.keyboard.press('Shift+F4');
  await page.getByLabel('Instead').fill(line);
  await page.getByLabel('What it is good for').fill(title);
  await page.getByRole('button', { name: 'Suggest', exact: true }).click();
  await expect(suggestionOf(page, title)).toBeVisible();
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
