import { chromium, chromiumArguments } from './chromium.ts';
import { pasteText, train } from './testing/editor.ts';
import { expect, test } from './testing/journey.ts';
import { eventsOf, lossesOf, reached, reaches, stop } from './testing/runs.ts';
import { goTo, pasteData } from './testing/screens.ts';
import { ENDLESS, smallText, tinyConfig } from './testing/texts.ts';

const SAVE = 20;

// The GPU process is going to die: a browser of its own, so that the other tests keep theirs.
test.use({
  launchOptions: {
    executablePath: chromium(),
    args: [...chromiumArguments, '--disable-domain-blocking-for-3d-apis'],
  },
});

for (const device of ['tfjs-webgpu', 'webgpu'] as const) {
  test(`a GPU that is lost in the middle of a run on ${device} is replaced, from the last checkpoint on`, async ({
    browser,
    person,
  }) => {
    const { page } = await person('Ada');
    await pasteData(page, 'pasted.txt', smallText());
    await goTo(page, 'Editor');
    await pasteText(page, tinyConfig({ steps: ENDLESS, save: SAVE, device }));
    const run = await train(page);
    await reaches(page, run, SAVE + 3);
    const session = await browser.newBrowserCDPSession();
    await session.send('Browser.crashGpuProcess');

    await expect(page.getByText(/Went on with /).first()).toBeVisible({ timeout: 60_000 });
    await reaches(page, run, (await reached(page, run)) + 2 * SAVE, 120_000);
    await stop(page);
    const events = await eventsOf(page, run);
    const changed = events.filter(({ type }) => type === 'device_changed');
    expect(changed.length).toBeGreaterThanOrEqual(1);
    expect(changed[0]).toMatchObject({ because: { code: 'ANN-DEV-001' } });
    expect(Number(changed[0]?.step) % SAVE).toBe(0);
    expect(changed[0]?.step).toBeGreaterThanOrEqual(SAVE);
    const losses = await lossesOf(page, run);
    expect(losses.map(({ step }) => step)).toEqual(Array.from({ length: losses.length }, (_, i) => i + 1));
  });
}
