import type { Page } from '@playwright/test';
import { chromium, chromiumArguments } from './chromium.ts';
import { pasteText, train } from './testing/editor.ts';
import { expect, type Person, test } from './testing/journey.ts';
import { lossesOf, runIs } from './testing/runs.ts';
import { goTo, pasteData } from './testing/screens.ts';
import { smallText, tinyConfig } from './testing/texts.ts';
import { inTrainer, withoutIsolation } from './testing/worker.ts';

test.use({
  // A service worker would answer before what is changed here comes into play.
  serviceWorkers: 'block',
  launchOptions: {
    executablePath: chromium(),
    // To the browser a page that a test answers for is from elsewhere, and might not talk to its own server.
    args: [...chromiumArguments, '--disable-features=LocalNetworkAccessChecks'],
  },
});

const STEPS = 30;

test('without shared memory wasm trains on one thread, and the run says so', async ({ person }) => {
  const ada = await person('Ada');
  await withoutIsolation(ada.context);
  const run = await trainOn(ada, 'wasm');
  expect(await ada.page.evaluate(() => crossOriginIsolated)).toBe(false);
  await expect(device(ada.page)).toHaveText(
    /^On wasm: WASM, .*1 thread: the page is not cross-origin isolated, so that threads cannot share memory/,
  );
  expect(await lossesOf(ada.page, run)).toHaveLength(STEPS);
});

test('without relaxed SIMD wasm trains with plain SIMD, and the run says so', async ({ person }) => {
  const ada = await person('Ada');
  await inTrainer(ada.context, () => {
    const { validate } = WebAssembly;
    // The one module that is asked about with relaxed_madd in it (0xfd 0x85 0x02).
    WebAssembly.validate = (bytes) =>
      !/253,133,2,/.test(`${new Uint8Array(bytes as ArrayBuffer)},`) && validate(bytes);
  });
  const run = await trainOn(ada, 'wasm');
  await expect(device(ada.page)).toHaveText(
    /^On wasm: WASM, plain SIMD \(no relaxed SIMD here\), \d+ threads?$/,
  );
  expect(await lossesOf(ada.page, run)).toHaveLength(STEPS);
});

test('float16 on a device that stores no halves is stored as float32, and the run says so', async ({
  person,
}) => {
  const ada = await person('Ada');
  const run = await trainOn(ada, 'wasm', 'float16');
  const notice = ada.page.getByRole('main').getByRole('alert');
  await expect(notice).toContainText('float16 is stored as float32 on wasm.');
  expect(await lossesOf(ada.page, run)).toHaveLength(STEPS);
});

test('a GPU that does not compute what it should is not used, and the run says so', async ({ person }) => {
  const ada = await person('Ada');
  await inTrainer(ada.context, () => {
    const make = GPUDevice.prototype.createShaderModule;
    // A driver that has a bitwise operation wrong.
    GPUDevice.prototype.createShaderModule = function (descriptor) {
      return make.call(this, {
        ...descriptor,
        code: descriptor.code.replace('^ 0x9e3779b9u', '| 0x9e3779b9u'),
      });
    };
  });
  const run = await trainOn(ada, 'webgpu');
  const notice = ada.page.getByRole('main').getByRole('alert');
  await expect(notice).toContainText(/webgpu cannot be used here: .* does not compute what it should/);
  await expect(notice).toContainText(/[\w-]+ took over\./);
  await expect(device(ada.page)).not.toHaveText(/^On webgpu/);
  expect(await lossesOf(ada.page, run)).toHaveLength(STEPS);
});

test('a GPU of low limits that has no room for the model says which limit it is', async ({ person }) => {
  const ada = await person('Ada');
  await inTrainer(ada.context, () => {
    const low = { maxStorageBufferBindingSize: 4096, maxStorageBuffersPerShaderStage: 4 };
    for (const [name, value] of Object.entries(low))
      Object.defineProperty(GPUSupportedLimits.prototype, name, { get: () => value });
  });
  await begin(ada, 'webgpu');
  await runIs(ada.page, 'failed');
  await expect(ada.page.getByRole('main').getByRole('alert')).toContainText(
    /storage bindings of a shader here/,
  );
});

function device(page: Page) {
  return page.getByLabel('Device of the run');
}

async function trainOn(ada: Person, name: string, dtype?: string): Promise<string> {
  const run = await begin(ada, name, dtype);
  await runIs(ada.page, 'finished', 120_000);
  return run;
}

async function begin({ page }: Person, name: string, dtype = 'float32'): Promise<string> {
  await page.reload(); // the first load knew nothing of what is changed
  await pasteData(page, 'pasted.txt', smallText());
  await goTo(page, 'Editor');
  await pasteText(page, tinyConfig({ steps: STEPS, device: name, dtype }));
  return await train(page);
}
