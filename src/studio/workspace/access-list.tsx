import { Paper, Skeleton, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { ErrorNotice } from '../../ui/error-notice.tsx';

/** A list of who or what may enter: loading, empty, failed, or there. */
export function AccessList<T>(props: {
  readonly label: string;
  readonly list: { readonly data: readonly T[] | undefined; readonly error: unknown };
  readonly empty: string;
  readonly children: (item: T) => ReactNode;
}) {
  const { data, error } = props.list;
  if (data === undefined) return error === null ? <Skeleton h={96} /> : <ErrorNotice error={error} />;
  if (data.length === 0) {
    return (
      <Text c="dimmed" size="sm" ta="center" py="xl">
        {props.empty}
      </Text>
    );
  }
  return (
    <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label={props.label}>
      {data.map(props.children)}
    </Stack>
  );
}

/** One line of it: what it is, what is to know about it, and what can be done. */
export function AccessRow(props: {
  readonly name: ReactNode;
  readonly about: ReactNode;
  readonly children?: ReactNode;
}) {
  return (
    <Paper component="li" withBorder px="md" py="xs" className="access-row">
      <div className="access-what">
        <Text size="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
          {props.name}
        </Text>
        <Text size="xs" c="dimmed" component="div">
          {props.about}
        </Text>
      </div>
      <div className="access-actions">{props.children}</div>
    </Paper>
  );
}
