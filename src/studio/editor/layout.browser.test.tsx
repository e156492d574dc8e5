import { useState } from 'react';
import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { EditorLayout, type Pane } from './layout.tsx';
import { mount } from './testing/mount.tsx';
import './editor.css';

let unmount: () => void = () => undefined;
afterEach(() => unmount());

function Screen() {
  const [pane, setPane] = useState<Pane>('side');
  const panes = {
    files: 'The files',
    editor: 'The text',
    problems: 'What is wrong',
    side: <input aria-label="Comment" />,
  };
  return (
    <div style={{ height: '80vh' }}>
      <EditorLayout panes={panes} problemCount={0} notice="Look" pane={pane} onPane={setPane} />
    </div>
  );
}

test('a window that becomes narrow and wide again keeps what is written in it, and the focus', async () => {
  await page.viewport(1440, 900);
  ({ unmount } = mount(<Screen />));
  const field = page.getByRole('textbox', { name: 'Comment' });
  await field.click();
  await userEvent.keyboard('Half a');
  const element = field.element();
  await page.viewport(390, 844);
  await expect.element(page.getByText('The text')).not.toBeVisible();
  await expect.element(page.getByText('Look')).toBeVisible();
  await userEvent.keyboard(' thought');
  await page.viewport(1440, 900);
  await expect.element(page.getByText('The text')).toBeVisible();
  expect(field.element()).toBe(element);
  await expect.element(field).toHaveValue('Half a thought');
  await expect.element(field).toHaveFocus();
});

test('what is between two panes has a name, says where it is and is moved with the keys', async () => {
  await page.viewport(1440, 900);
  ({ unmount } = mount(<Screen />));
  for (const name of ['Between files and text', 'Between text and problems', 'Between text and review']) {
    const handle = page.getByRole('separator', { name, exact: true });
    await expect.element(handle).toBeVisible();
    const facts = (): number[] =>
      ['valuemin', 'valuenow', 'valuemax'].map((one) => Number(handle.element().getAttribute(`aria-${one}`)));
    const [least = Number.NaN, now = Number.NaN, most = Number.NaN] = facts();
    expect(least).toBeLessThan(now);
    expect(now).toBeLessThanOrEqual(most);
    (handle.element() as HTMLElement).focus();
    await userEvent.keyboard(name === 'Between text and problems' ? '{ArrowUp}' : '{ArrowLeft}');
    await expect.poll(() => facts()[1]).toBeLessThan(now);
  }
});
