import { Center, Loader, VisuallyHidden } from '@mantine/core';

/** While the first screen's chunk arrives. */
export function RoutePending() {
  return (
    <Center h="60vh">
      <Loader size="sm" aria-hidden />
      <VisuallyHidden role="status">Loading</VisuallyHidden>
    </Center>
  );
}
