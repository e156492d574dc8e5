import { Radio, Stack } from '@mantine/core';
import type { Role } from '../../domain/access/roles.ts';
import { roleWords } from '../shared/role-words.ts';

/** One of some roles, each with what it may do. */
export function RoleChoice<R extends Role>(props: {
  readonly label: string;
  readonly among: readonly R[];
  readonly value: R;
  readonly onChange: (role: R) => void;
}) {
  return (
    <Radio.Group
      label={props.label}
      value={props.value}
      onChange={(value) => props.onChange(value as R)}
      labelProps={{ mb: 6 }}
    >
      <Stack gap={8}>
        {props.among.map((role) => (
          <Radio
            key={role}
            size="sm"
            value={role}
            label={roleWords[role].name}
            description={`May ${roleWords[role].may}.`}
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}
