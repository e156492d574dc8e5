import {
  ActionIcon,
  Group,
  Menu,
  ScrollArea,
  Text,
  Tooltip,
  Tree,
  type TreeNodeData,
  useTree,
} from '@mantine/core';
import {
  IconChevronDown,
  IconChevronRight,
  IconDots,
  IconFile,
  IconFileCode,
  IconFolder,
  IconPencil,
  IconPlus,
  IconTrash,
} from '@tabler/icons-react';
import { memo, useEffect, useMemo, useRef } from 'react';
import type { ListedFile } from '../../app/use-room.ts';
import { ArtifactPlace } from '../../shared/artifact-place.tsx';

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: ListedFile[];
}

/** Folders first, then files, both by name; a folder's value ends with a slash. */
export function treeOf(files: readonly ListedFile[]): TreeNodeData[] {
  const root: Folder = { folders: new Map(), files: [] };
  for (const file of files) {
    let folder = root;
    for (const name of file.path.split('/').slice(0, -1)) {
      const inner = folder.folders.get(name) ?? { folders: new Map(), files: [] };
      folder.folders.set(name, inner);
      folder = inner;
    }
    folder.files.push(file);
  }
  const nodes = (folder: Folder, prefix: string): TreeNodeData[] => [
    ...[...folder.folders]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, inner]) => ({
        label: name,
        value: `${prefix}${name}/`,
        children: nodes(inner, `${prefix}${name}/`),
      })),
    ...folder.files.map(({ path, entry }) => ({
      label: path.split('/').at(-1) ?? path,
      value: path,
      nodeProps: { kind: entry.kind, sha256: entry.kind === 'artifact' ? entry.sha256 : null },
    })),
  ];
  return nodes(root, '');
}

/** The project's files. Texts open in the editor; artifacts are listed for what they are. */
export const FileTree = memo(function FileTree(props: {
  readonly files: readonly ListedFile[];
  readonly current: string;
  /** False: files are there to be opened, and stay as they are. */
  readonly mayChange: boolean;
  readonly onOpen: (path: string) => void;
  readonly onCreate: () => void;
  readonly onRename: (path: string) => void;
  readonly onDelete: (path: string) => Promise<void>;
}) {
  const { files, current, mayChange } = props;
  const data = useMemo(() => treeOf(files), [files]);
  const tree = useTree();
  const controller = useRef(tree); // a new object each time: as a dependency it would never come to rest
  controller.current = tree;
  const isThere = files.some(({ path }) => path === current);
  useEffect(() => {
    if (!isThere) return;
    const parts = current.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++)
      controller.current.expand(`${parts.slice(0, depth).join('/')}/`);
  }, [current, isThere]);
  return (
    <div className="file-tree">
      <Group justify="space-between" className="panel-title" wrap="nowrap">
        <Text size="xs" fw={600}>
          Files
        </Text>
        {mayChange && (
          <Tooltip label="New file">
            <ActionIcon size="sm" aria-label="New file" onClick={props.onCreate}>
              <IconPlus size={16} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
      <ScrollArea style={{ flex: 1 }} type="auto">
        <Tree
          data={data}
          tree={tree}
          aria-label="Files of the project"
          levelOffset="md"
          renderNode={({ node, expanded, hasChildren, elementProps }) => {
            const isArtifact = node.nodeProps?.kind === 'artifact';
            const Chevron = expanded ? IconChevronDown : IconChevronRight;
            return (
              <div
                {...elementProps}
                className={`${elementProps.className} file-entry`}
                data-current={node.value === current || undefined}
              >
                {hasChildren ? (
                  <Group gap={4} wrap="nowrap" miw={0} className="file-name">
                    <Chevron size={14} aria-hidden />
                    <IconFolder size={15} aria-hidden />
                    <Text size="sm" truncate>
                      {node.label}
                    </Text>
                  </Group>
                ) : (
                  <button
                    type="button"
                    className="file-name"
                    aria-current={node.value === current ? 'true' : undefined}
                    title={isArtifact ? `${node.value}: data, not a shared text` : node.value}
                    disabled={isArtifact}
                    onClick={() => props.onOpen(node.value)}
                  >
                    {isArtifact ? <IconFile size={15} aria-hidden /> : <IconFileCode size={15} aria-hidden />}
                    <Text size="sm" truncate>
                      {node.label}
                    </Text>
                    {isArtifact && <ArtifactPlace sha256={String(node.nodeProps?.sha256)} />}
                  </button>
                )}
                {!hasChildren && mayChange && (
                  <Menu position="bottom-end" withinPortal>
                    <Menu.Target>
                      <ActionIcon size="sm" className="file-menu" aria-label={`Actions for ${node.value}`}>
                        <IconDots size={15} />
                      </ActionIcon>
                    </Menu.Target>
                    <Menu.Dropdown>
                      {!isArtifact && (
                        <Menu.Item
                          leftSection={<IconPencil size={15} />}
                          onClick={() => props.onRename(node.value)}
                        >
                          Rename
                        </Menu.Item>
                      )}
                      <Menu.Item
                        leftSection={<IconTrash size={15} />}
                        color="red"
                        onClick={() => void props.onDelete(node.value)}
                      >
                        Delete
                      </Menu.Item>
                    </Menu.Dropdown>
                  </Menu>
                )}
              </div>
            );
          }}
        />
      </ScrollArea>
    </div>
  );
});
