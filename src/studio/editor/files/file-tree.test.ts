import { expect, test } from 'vitest';
import type { ListedFile } from '../../app/use-room.ts';
import { treeOf } from './file-tree.tsx';

const text = (path: string): ListedFile => ({ path, entry: { kind: 'text', created: 0 } });

test('folders come first, by name, however deep', () => {
  const tree = treeOf([text('a.yaml'), text('z/b/c.yaml'), text('z/a.yaml'), text('b/x.yaml')]);
  expect(tree.map(({ value }) => value)).toEqual(['b/', 'z/', 'a.yaml']);
  expect(tree[1]?.children?.map(({ value }) => value)).toEqual(['z/b/', 'z/a.yaml']);
  expect(tree[1]?.children?.[0]?.children?.map(({ label }) => label)).toEqual(['c.yaml']);
});
