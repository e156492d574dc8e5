import { chromium, chromiumArguments } from './chromium.ts';
import { pasteText, train } from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { eventsOf, lossesOf, runIs } from './testing/runs.ts';
import { goTo, pasteData } from './testing/screens.ts';
import { smallText, tinyConfig } from './testing/texts.ts';

// A browser as many have it: no WebGPU at all.
test.use({
  launchOptions: {
    executablePath: chromium(),
    args: [
      ...chromiumArguments.filter((one) => !/webgpu|Vulkan/i.test(one)),
      '--disable-gpu',
      '--disable-features=WebGPU',
    ],
  },
});

test('a device that is not there is replaced by the next, and the run says so', async ({ person }) => {
  const { page } = await person('Ada');
  await pasteData(page, 'pasted.txt', smallText());
  await goTo(page, 'Editor');
  await pasteText(page, tinyConfig({ steps: 30, device: 'tfjs-webgpu' }));
  const run = await train(page);
  await runIs(page, 'finished');
  const events = await eventsOf(page, run);
  expect(events.find(({ type }) => type === 'noticed')).toMatchObject({ facts: { code: 'ANN-RUN-014' } });
  const started = events.find(({ type }) => type === 'started');
  expect(started).not.toMatchObject({ device: { name: 'tfjs-webgpu' } });
  expect(await lossesOf(page, run)).toHaveLength(30);
  // Told without being looked for.
  await expect(page.getByText(/tfjs-webgpu cannot be used here: .* took over\./).first()).toBeVisible();
  await page.getByRole('button', { name: /^Device: / }).click();
  await expect(page.getByText(/tfjs-webgpu: does not work here/)).toBeVisible();
});
