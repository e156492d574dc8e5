import { expect, test } from 'vitest';
import type { ArtifactStore, ByteStream } from '../../domain/artifacts/ports.ts';

const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

async function* pieces(...texts: readonly string[]): ByteStream {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function* breaksOff(): ByteStream {
  yield new TextEncoder().encode('hel');
  throw new Error('the network went away');
}

async function textOf(stream: ByteStream | null): Promise<string> {
  if (stream === null) throw new Error('nothing there');
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of stream) text += decoder.decode(piece, { stream: true });
  return text;
}

/** What every adapter must do. `damage` changes a stored byte behind its back, where that is possible. */
export function artifactStoreSuite(
  make: () => Promise<{
    store: ArtifactStore;
    reopen: () => Promise<ArtifactStore>;
    damage?: (sha256: string) => Promise<void>;
  }>,
): void {
  test('bytes come in pieces and are there under their hash', async () => {
    const { store, reopen } = await make();
    expect(await store.put(pieces('he', 'l', 'lo'))).toEqual({ sha256: HELLO, bytes: 5 });
    const again = await reopen();
    expect(await again.stat(HELLO)).toEqual({ sha256: HELLO, bytes: 5 });
    expect(await textOf(await again.open(HELLO))).toBe('hello');
    expect(new TextDecoder().decode(await again.read(HELLO, 1, 4))).toBe('ell');
    expect(new TextDecoder().decode(await again.read(HELLO, 3, 99))).toBe('lo');
    const source = await again.source(HELLO);
    expect(source?.size).toBe(5);
    expect(new TextDecoder().decode(await source?.slice(1, 4).arrayBuffer())).toBe('ell');
    expect(await again.source('0'.repeat(64))).toBeNull();
    await expect(again.read('0'.repeat(64), 0, 1)).rejects.toMatchObject({ code: 'ANN-STO-004' });
    expect(await again.put(pieces('hello'), HELLO)).toEqual({ sha256: HELLO, bytes: 5 });
    expect(await again.list()).toEqual([{ sha256: HELLO, bytes: 5 }]);
    await again.remove(HELLO);
    expect(await again.stat(HELLO)).toBeNull();
    expect(await again.open(HELLO)).toBeNull();
  });

  test('many who bring the same bytes at once all find them there', async () => {
    const { store, reopen } = await make();
    const other = await reopen();
    const put = (_: unknown, i: number) => (i % 2 === 0 ? store : other).put(pieces('hel', 'lo'), HELLO);
    const written = await Promise.all(Array.from({ length: 40 }, put));
    expect(new Set(written.map(({ sha256 }) => sha256))).toEqual(new Set([HELLO]));
    expect(await other.list()).toEqual([{ sha256: HELLO, bytes: 5 }]);
    expect(await textOf(await store.open(HELLO))).toBe('hello');
    expect(await store.sweep()).toBe(0); // nothing is left of those who came late
  });

  test('other bytes than were promised, or half of them, leave nothing behind', async () => {
    const { store } = await make();
    await expect(store.put(pieces('hullo'), HELLO)).rejects.toMatchObject({ code: 'ANN-STO-003' });
    await expect(store.put(breaksOff())).rejects.toMatchObject({
      message: expect.stringContaining('network'),
    });
    expect(await store.list()).toEqual([]);
  });

  test('no bytes are bytes too; what is no hash is not there', async () => {
    const { store } = await make();
    const { sha256, bytes } = await store.put(pieces());
    expect([sha256.slice(0, 8), bytes]).toEqual(['e3b0c442', 0]);
    expect(await textOf(await store.open(sha256))).toBe('');
    expect(await store.stat('../../etc/passwd')).toBeNull();
    await store.remove('../x');
  });

  test('what comes in at the moment is not swept', async () => {
    const { store } = await make();
    let swept = -1;
    async function* slow(): ByteStream {
      yield new TextEncoder().encode('hel');
      swept = await store.sweep();
      yield new TextEncoder().encode('lo');
    }
    expect(await store.put(slow())).toEqual({ sha256: HELLO, bytes: 5 });
    expect(swept).toBe(0);
  });

  test('several megabytes', async () => {
    const { store } = await make();
    const block = new Uint8Array(1 << 20).map((_, i) => i * 31);
    async function* blocks(): ByteStream {
      for (let i = 0; i < 5; i++) yield block;
    }
    const { sha256, bytes } = await store.put(blocks());
    expect(bytes).toBe(5 << 20);
    let read = 0;
    for await (const piece of (await store.open(sha256)) ?? []) read += piece.byteLength;
    expect(read).toBe(bytes);
  });

  test('damage is noticed', async () => {
    const { store, damage } = await make();
    await store.put(pieces('hello'));
    if (damage === undefined) return;
    await damage(HELLO);
    await expect(textOf(await store.open(HELLO))).rejects.toMatchObject({ code: 'ANN-STO-003' });
  });
}
