import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { Random } from '../src/base/random.ts';
import { createClient } from '../src/sdk/client.ts';
import { clusterParts } from './testing/cluster.ts';
import { openCutProxy } from './testing/cut-proxy.ts';
import { FakeS3 } from './testing/fake-s3.ts';
import { testServer } from './testing/fixture.ts';

const parts = clusterParts();

test('an upload that begins at one server goes on at the other, whichever the balancer chooses', async (context) => {
  const { databaseUrl, redisUrl } = await parts(context);
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const s3 = await FakeS3.start();
  const options = { databaseUrl, redisUrl, bucket: s3.options(), allowHosts: ['127.0.0.1'] };
  const servers = [await testServer(options), await testServer(options)] as const;
  const bytes = randomBytes(20 * 1024 * 1024);
  let left = 4;
  const proxy = await openCutProxy(servers[0].port, () => {
    proxy.retarget(servers[left % 2 === 0 ? 0 : 1].port);
    arm();
  });
  onTestFinished(() => proxy.close());
  const arm = (): void => {
    if (left-- > 0) proxy.cutAfter(1 + random.below(4 * 1024 * 1024));
  };
  arm();
  const upload = () =>
    createClient({ baseUrl: proxy.url }).artifacts.upload(new Blob([bytes]), { chunkBytes: 6 * 1024 * 1024 });
  const [{ sha256 }] = await Promise.all([upload(), upload()]); // two tabs
  expect(proxy.cuts()).toBe(4);
  expect([...s3.objects.keys()]).toEqual([`anneal/blobs/${sha256}`]);
  for (const { url } of servers) {
    const back = await createClient({ baseUrl: url }).artifacts.download(sha256);
    expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true);
  }
});
