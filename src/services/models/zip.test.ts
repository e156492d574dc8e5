import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ByteStream } from '../../domain/artifacts/ports.ts';
import type { ModelFile } from '../../domain/runs/ports.ts';
import { unzipped, zipped } from './zip.ts';

async function* cut(bytes: Uint8Array<ArrayBuffer>, size: number): ByteStream {
  for (let i = 0; i < bytes.byteLength; i += size) yield bytes.slice(i, i + size);
}

async function all(stream: AsyncIterable<ModelFile>): Promise<ModelFile[]> {
  const files: ModelFile[] = [];
  for await (const file of stream) files.push(file);
  return files;
}

async function zipOf(files: readonly ModelFile[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Blob([...zipped(files)]).arrayBuffer());
}

const anyFile = fc.record({
  path: fc.constantFrom('config.json', 'model.safetensors', 'README.md', 'a/b.txt', 'é.txt'),
  bytes: fc.uint8Array({ maxLength: 5000 }).map((bytes) => new Uint8Array(bytes)),
});

test('what is packed is unpacked, in whatever pieces it comes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(anyFile, { selector: ({ path }) => path, minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 4000 }),
      async (files, size) => {
        expect(await all(unzipped(cut(await zipOf(files), size)))).toEqual(files);
      },
    ),
    { numRuns: 50 },
  );
});

test('a zip that is cut short anywhere is refused, and so are bytes that are none', async () => {
  const zip = await zipOf([
    { path: 'config.json', bytes: new TextEncoder().encode('{}'.repeat(500)) },
    { path: 'model.safetensors', bytes: new Uint8Array(300).fill(7) },
  ]);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: zip.byteLength - 1 }), async (length) => {
      await expect(all(unzipped(cut(zip.slice(0, length), 64)))).rejects.toMatchObject({
        code: 'ANN-RUN-013',
      });
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
      await expect(all(unzipped(cut(new Uint8Array(bytes), 64)))).rejects.toMatchObject({
        code: 'ANN-RUN-013',
      });
    }),
  );
});

test('a bomb is refused while it unpacks', async () => {
  const zip = await zipOf([{ path: 'README.md', bytes: new Uint8Array(1 << 22) }]);
  expect(zip.byteLength).toBeLessThan(10_000);
  await expect(all(unzipped(cut(zip, 512), { files: 10, bytes: 1 << 20 }))).rejects.toMatchObject({
    code: 'ANN-RUN-013',
    message: expect.stringContaining('unpacks to more than'),
  });
});
