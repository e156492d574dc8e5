import { expect, test } from 'vitest';
import { hasher } from '../../storage/hasher.ts';
import { createMemoryArtifactStore } from '../../storage/memory/artifacts.ts';
import { inspectKept, takeText } from './texts.ts';

const store = () => createMemoryArtifactStore(hasher);

test('a Windows text is kept with LF, says so, and reads back the same', async () => {
  const artifacts = store();
  const kept = await takeText(artifacts, 'a.txt', new TextEncoder().encode('\ufeffOnce\r\nupon a time\r\n'));
  expect(kept.facts).toMatchObject({ characters: 17, lines: 2, words: 4, preview: 'Once\nupon a time\n' });
  expect(kept.notices).not.toEqual([]);
  const again = await inspectKept(artifacts, 'a.txt', kept.sha256);
  expect(again).toEqual({ ...kept, notices: [] });
});

test('what is no text is refused and nothing is kept', async () => {
  const artifacts = store();
  for (const bytes of [new Uint8Array(), new Uint8Array([0, 1, 2, 0, 3]), new TextEncoder().encode(' \n ')]) {
    await expect(takeText(artifacts, 'x', bytes)).rejects.toMatchObject({
      code: expect.stringMatching(/^ANN-DAT-/),
    });
  }
  expect(await artifacts.list()).toEqual([]);
});

test('a text that is not here says what to do', async () => {
  await expect(inspectKept(store(), 'gone.txt', 'a'.repeat(64))).rejects.toMatchObject({
    code: 'ANN-RUN-006',
  });
});
