import type { Page } from '@playwright/test';
import { linesOf } from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { modelFolder } from './testing/model-folder.ts';
import { goTo, pasteData } from './testing/screens.ts';
import { smallText } from './testing/texts.ts';

interface Upload {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

const file = (name: string, content: string | Uint8Array): Upload => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(content),
});

test('texts that cannot be taken are refused with their reason, and nothing is lost', async ({ person }) => {
  const { page } = await person('Ada');
  await pasteData(page, 'kept.txt', smallText());

  const refused: readonly (readonly [string, Upload])[] = [
    ['ANN-DAT-001', file('empty.txt', '')],
    [
      'ANN-DAT-003',
      file('picture.txt', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0, 1)),
    ],
    ['ANN-DAT-004', file('latin1.txt', Buffer.from('Grüße aus Köln, viele Grüße', 'latin1'))],
    ['ANN-DAT-005', file('half.txt', Uint8Array.of(0xff, 0xfe, 0x41, 0x00, 0x00, 0xd8, 0x42, 0x00))],
  ];
  for (const [code, one] of refused) {
    await choose(page, [one]);
    await expect(refusal(page, code)).toContainText(`${one.name} was not added`);
    await expect(page.getByRole('heading', { name: 'kept.txt' })).toBeVisible();
  }
  await test.step('200 MB are refused before they are read', async () => {
    await dropLarge(page, 200 * 2 ** 20);
    await expect(refusal(page, 'ANN-DAT-002')).toContainText('large.txt was not added');
  });
  await test.step('one that is broken does not take a good one with it', async () => {
    await choose(page, [file('empty.txt', ''), file('good.txt', 'A good text.\n'.repeat(50))]);
    await expect(refusal(page, 'ANN-DAT-001')).toContainText('empty.txt was not added');
    await expect(page.getByRole('heading', { name: 'good.txt' })).toBeVisible();
  });
  await test.step('UTF-16 is taken, and it is said that it was converted', async () => {
    const utf16 = Buffer.from(`\ufeff${'Grüße, 世界!\n'.repeat(20)}`, 'utf16le');
    await choose(page, [file('windows.txt', utf16)]);
    await expect(page.getByRole('heading', { name: 'windows.txt' })).toBeVisible();
    await expect(page.getByText('The text was in UTF-16 and has been converted to UTF-8')).toBeVisible();
    await expect(page.getByLabel('Beginning of the text')).toContainText('Grüße, 世界!');
  });
  await test.step('what was there is there', async () => {
    const texts = page.getByRole('navigation', { name: 'Texts' }).getByRole('button');
    await expect(texts).toHaveCount(4); // the stories and the three good ones
    await goTo(page, 'Editor');
    await expect(linesOf(page)).toContainText('source: stories');
  });
});

test('models that cannot be opened are refused with their reason, and nothing is lost', async ({
  person,
}) => {
  const { page } = await person('Ada');
  const whole = await modelFolder(smallText());
  const weights = whole.get('model.safetensors') ?? Buffer.alloc(0);
  await goTo(page, 'Models');
  await choose(page, uploads(whole));
  const chosen = page.getByRole('combobox', { name: 'Model', exact: true });
  await expect(chosen).toHaveValue('model');

  const broken: readonly (readonly [string, ReadonlyMap<string, Buffer>])[] = [
    ['ANN-FMT-021', new Map([...whole, ['config.json', Buffer.from('{"model_type": "gpt2", ')]])],
    ['ANN-FMT-021', new Map([...whole, ['config.json', Buffer.from('{"model_type":"gpt2","n_embd":"x"}')]])],
    ['ANN-FMT-022', new Map([...whole, ['config.json', Buffer.from('{"model_type": "mamba"}')]])],
    ['ANN-TOK-001', new Map([...whole, ['tokenizer.json', Buffer.from('not json')]])],
    ['ANN-TOK-002', new Map([...whole, ['tokenizer.json', Buffer.from('{"hello": [1, 2]}')]])],
    ['ANN-FMT-001', new Map([...whole, ['model.safetensors', weights.subarray(0, weights.length - 100)]])],
    ['ANN-FMT-001', new Map([...whole, ['model.safetensors', weights.subarray(0, 5)]])],
    ['ANN-FMT-003', new Map([...whole, ['model.safetensors', withHeader('this is no header')]])],
    ['ANN-RUN-013', new Map([...whole].filter(([name]) => name !== 'config.json'))],
    ['ANN-RUN-013', new Map([...whole].filter(([name]) => name !== 'tokenizer.json'))],
    ['ANN-RUN-013', new Map([['broken.zip', Buffer.from('PK\u0003\u0004 and no more')]])],
  ];
  for (const [code, files] of broken) {
    await choose(page, uploads(files));
    await expect(refusal(page, code)).toBeVisible();
    await expect(chosen).toHaveValue('model');
  }
  await test.step('the whole one still writes', async () => {
    await page.getByLabel('New tokens').fill('10');
    await page.getByRole('button', { name: 'Write' }).click();
    await expect(page.getByText('10 tokens', { exact: true })).toBeVisible({ timeout: 60_000 });
  });
});

/** Picks files in the browser's own dialog. */
async function choose(page: Page, files: readonly Upload[]): Promise<void> {
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose files' }).click();
  await (await choosing).setFiles([...files]);
}

/** Drops a file that is made in the page, so that nothing is written anywhere. */
async function dropLarge(page: Page, bytes: number): Promise<void> {
  const dataTransfer = await page.evaluateHandle((size) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(size).fill(97)], 'large.txt', { type: 'text/plain' }));
    return transfer;
  }, bytes);
  await page.getByLabel('Add text files').dispatchEvent('drop', { dataTransfer });
}

/** The notice that shows this code. */
function refusal(page: Page, code: string) {
  return page.getByRole('main').getByRole('alert').filter({ hasText: code });
}

function uploads(files: ReadonlyMap<string, Buffer>): readonly Upload[] {
  return [...files].map(([name, buffer]) => file(name, buffer));
}

/** A safetensors file of nothing but this header. */
function withHeader(header: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header)]);
}
