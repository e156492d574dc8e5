import * as monaco from 'monaco-editor/editor';
import 'monaco-editor/editor/contrib/suggest/browser/suggestController';
import { expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { mount } from '../testing/mount.tsx';
import { TextDiff } from './text-diff.tsx';

test('after a comparison has been closed one is where one was, and completion goes on', async () => {
  monaco.languages.registerCompletionItemProvider('plaintext', {
    provideCompletionItems: (_model, { lineNumber }) => {
      const range = new monaco.Range(lineNumber, 1, lineNumber, 1);
      const kind = monaco.languages.CompletionItemKind.Field;
      return { suggestions: [{ label: 'warmup_steps', insertText: 'warmup_steps: ', kind, range }] };
    },
  });
  const host = document.body.appendChild(document.createElement('div'));
  host.style.cssText = 'width: 600px; height: 300px';
  const model = monaco.editor.createModel('', 'plaintext');
  const editor = monaco.editor.create(host, { model, suggest: { showStatusBar: true } });
  const sides = { before: 'a: 1', after: null, authors: null };
  const opened = { monaco, editor, model };
  const compare = document.body.appendChild(document.createElement('button'));
  compare.focus();
  const diff = mount(
    <TextDiff
      title="Then and now"
      about=""
      sides={sides}
      opened={opened}
      action={null}
      onClose={() => undefined}
    />,
  );
  await expect.element(page.getByRole('dialog')).toBeVisible();
  // Compared: until then the model of the text may not go.
  await expect.poll(() => document.querySelector('.text-diff .line-delete')).not.toBeNull();
  diff.unmount();
  await expect.poll(() => document.activeElement).toBe(compare);
  editor.focus();
  editor.trigger('test', 'editor.action.triggerSuggest', {});
  await expect
    .poll(() => document.querySelector('.suggest-widget .monaco-list-row')?.textContent)
    .toContain('warmup_steps');
  compare.remove();
  editor.dispose();
  model.dispose();
});

test('both texts of a comparison have a name, also once the window has another width', async () => {
  await page.viewport(1440, 900);
  const model = monaco.editor.createModel('a: 2', 'plaintext');
  const host = document.body.appendChild(document.createElement('div'));
  const editor = monaco.editor.create(host, { model });
  const diff = mount(
    <TextDiff
      title="Then and now"
      about=""
      sides={{ before: 'a: 1', after: null, authors: null }}
      opened={{ monaco, editor, model }}
      action={null}
      onClose={() => undefined}
    />,
  );
  const later = page.getByRole('textbox', { name: 'The later text' });
  const earlier = page.getByRole('textbox', { name: 'The earlier text' });
  const areNamed = async (): Promise<void> => {
    await expect.element(later).toBeInTheDocument();
    await expect.element(earlier).toBeInTheDocument();
  };
  await expect.poll(() => document.querySelector('.text-diff .line-insert')).not.toBeNull();
  await areNamed();
  for (const [width, isBeside] of [
    [390, false],
    [1440, true],
  ] as const) {
    await page.viewport(width, 900);
    const beside = () => document.querySelector('.text-diff .monaco-diff-editor.side-by-side') !== null;
    await expect.poll(beside).toBe(isBeside);
    await areNamed();
  }
  diff.unmount();
  editor.dispose();
  host.remove();
  model.dispose();
});
