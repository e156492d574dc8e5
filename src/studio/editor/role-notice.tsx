import { Alert } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import type { Role } from '../../domain/access/roles.ts';
import { can } from '../../domain/access/roles.ts';

/** Why the text can only be read; null where it can be written, or where nobody has said. */
export function readOnlyBecause(role: Role | null): string | null {
  if (role === null || can(role, 'document.edit')) return null;
  return can(role, 'comment.write')
    ? 'You are a commenter here: comment on it, or suggest a change.'
    : 'You are a viewer here: you can read this text and follow it live.';
}

/** Over the text while it can only be read. It comes and goes with the role, without a reload. */
export function RoleNotice({ role }: { readonly role: Role | null }) {
  const because = readOnlyBecause(role);
  return because === null ? null : (
    <Alert color="gray" py={6} radius={0} role="status" icon={<IconEye size={16} aria-hidden />}>
      {because}
    </Alert>
  );
}
