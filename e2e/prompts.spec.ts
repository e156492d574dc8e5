import { expect, test } from './testing/journey.ts';
import { modelFolder } from './testing/model-folder.ts';
import { goTo } from './testing/screens.ts';
import { smallText } from './testing/texts.ts';

test('several prompts are written side by side, each with its pace, its end or its error', async ({
  person,
}) => {
  const { page } = await person('Ada');
  const model = await modelFolder(smallText());
  await goTo(page, 'Models');
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose files' }).click();
  await (await choosing).setFiles(
    [...model].map(([name, buffer]) => ({ name, mimeType: 'application/octet-stream', buffer })),
  );
  await expect(page.getByRole('combobox', { name: 'Model', exact: true })).toHaveValue('model');
  const papers = page.locator('[aria-live]').filter({ hasText: /cat|世界|dog|owl/ });

  await test.step('prompts are added and taken away', async () => {
    await page.getByRole('textbox', { name: 'Prompt' }).fill('Once the cat');
    for (const prompt of ['世界', 'the dog', 'not meant']) {
      await page.getByRole('button', { name: 'Add a prompt' }).click();
      await page.keyboard.type(prompt); // the new field has the caret
    }
    await page.getByRole('button', { name: 'Remove prompt 4' }).click();
    await expect(page.getByRole('textbox', { name: /^Prompt \d$/ })).toHaveCount(3);
  });
  await test.step('they are written together; one that cannot be says why', async () => {
    await page.getByLabel('New tokens').fill('30');
    await page.getByRole('button', { name: 'Write' }).click();
    const all = page.getByRole('status', { name: 'All together' });
    await expect(all).toContainText('60 tokens together', { timeout: 60_000 });
    await expect(all).toContainText(/[\d.,]+ per second on \S+/);
    await expect(papers).toHaveCount(3);
    await expect(papers.nth(0)).toHaveText(/^Once the cat.{30}$/s);
    await expect(papers.nth(1)).toContainText('ANN-RUN-016');
    await expect(papers.nth(2)).toHaveText(/^the dog.{30}$/s);
    await expect(page.getByText('30 tokens', { exact: true })).toHaveCount(2);
    await expect(page.getByText(/^[\d.,]+ per second$/)).toHaveCount(2);
  });
  await test.step('stopped in the middle, what there is stays', async () => {
    await page.getByLabel('New tokens').fill('100000');
    await page.getByRole('button', { name: 'Write' }).click();
    for (const i of [0, 2]) await expect(papers.nth(i)).toHaveText(/^(Once the cat|the dog).{20,}/s);
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect(page.getByText('stopped', { exact: true })).toHaveCount(2);
    await expect(papers.nth(0)).toHaveText(/^Once the cat.{20,}/s);
  });
  await test.step('alone, a prompt is written as it was beside the others', async () => {
    await page.getByLabel('New tokens').fill('30');
    await page.getByRole('button', { name: 'Write' }).click();
    await expect(page.getByText('30 tokens', { exact: true })).toHaveCount(2);
    const beside = await papers.nth(2).innerText();
    for (const i of [1, 1]) await page.getByRole('button', { name: `Remove prompt ${i}` }).click();
    await page.getByRole('button', { name: 'Write' }).click();
    await expect(page.getByText('all tokens written')).toHaveCount(1);
    await expect(papers).toHaveText([beside]);
  });
});
