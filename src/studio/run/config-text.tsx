import { Box, Button, CopyButton, Group, Text } from '@mantine/core';

/** The config to the byte as it was when the run began. */
export function ConfigText({ path, text }: { readonly path: string; readonly text: string }) {
  return (
    <Box py="xs">
      <Group justify="space-between" mb={4}>
        <Text size="sm" c="dimmed">
          {path}, as it was when Train was pressed
        </Text>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button size="compact-xs" variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Box
        component="pre"
        m={0}
        p="sm"
        fz="xs"
        ff="monospace"
        bd="1px solid var(--mantine-color-default-border)"
        style={{ overflowX: 'auto', borderRadius: 'var(--mantine-radius-sm)' }}
      >
        {text}
      </Box>
    </Box>
  );
}
