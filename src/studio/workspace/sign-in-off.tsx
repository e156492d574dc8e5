import { Alert, Code, Stack, Text } from '@mantine/core';
import { IconDeviceDesktop } from '@tabler/icons-react';
import { OFF_WORDS } from '../app/account.tsx';

/** Where the server listens to its own machine alone there is nobody to keep out, and this says so. */
export function SignInOff() {
  return (
    <Alert color="gray" icon={<IconDeviceDesktop aria-hidden />} title="Sign-in is off">
      <Stack gap={6}>
        <Text size="sm">{OFF_WORDS}</Text>
        <Text size="sm">
          Start the server with <Code>ANNEAL_AUTH=on</Code>, or let others reach it with <Code>--host</Code>,
          and people sign in: the server then prints a link, once, that creates its owner. Members, share
          links and API keys are set up here from then on. The projects stay as they are.
        </Text>
      </Stack>
    </Alert>
  );
}
