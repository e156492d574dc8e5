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
  await expect.poll(() => document.querySelector('.text-diff .monaco-editor')).not.toBeNull();
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
