import { Anchor, Badge, Button, Collapse, Group, Stack, Text, Tooltip, UnstyledButton } from '@mantine/core';
import {
  IconAlertCircle,
  IconAlertTriangle,
  IconBulb,
  IconChevronDown,
  IconChevronRight,
  IconCircleCheck,
  IconInfoCircle,
  IconPencilQuestion,
} from '@tabler/icons-react';
import { memo, useState } from 'react';
import type { Diagnostic, Fix, Range } from '../../../domain/preflight/report.ts';

/** With the diagnostic that the fix is for. */
type FixAction = (fix: Fix, diagnostic: Diagnostic) => void;

const looks = {
  error: { icon: IconAlertCircle, className: 'severity-error', word: 'Error' },
  warning: { icon: IconAlertTriangle, className: 'severity-warning', word: 'Warning' },
  info: { icon: IconInfoCircle, className: 'severity-info', word: 'Note' },
} as const;

/** All that pre-flight has to say, in the order of the text; a click goes there. */
export const Problems = memo(function Problems(props: {
  readonly diagnostics: readonly Diagnostic[] | null;
  /** Why there is nothing to check; null where there is. */
  readonly closed: string | null;
  readonly onGoTo: (range: Range) => void;
  /** Null for who may not edit. */
  readonly onFix: FixAction | null;
  /** Proposes the fix to the others instead; null for who may not. */
  readonly onSuggest: FixAction | null;
}) {
  const { diagnostics, closed } = props;
  if (closed !== null) {
    return (
      <Text c="dimmed" size="sm" p="md">
        {closed} There is nothing to check.
      </Text>
    );
  }
  if (diagnostics === null) {
    return (
      <Text c="dimmed" size="sm" p="md">
        Checking …
      </Text>
    );
  }
  if (diagnostics.length === 0) {
    return (
      <Group gap={8} p="md" wrap="nowrap">
        <IconCircleCheck size={18} className="severity-good" aria-hidden />
        <Text size="sm">Nothing stands in the way.</Text>
      </Group>
    );
  }
  return (
    <ul className="problems">
      {diagnostics.map((one) => (
        <Problem
          key={`${one.code} ${one.range.start.line}:${one.range.start.character} ${one.message}`}
          diagnostic={one}
          onGoTo={props.onGoTo}
          onFix={props.onFix}
          onSuggest={props.onSuggest}
        />
      ))}
    </ul>
  );
});

function Problem(props: {
  readonly diagnostic: Diagnostic;
  readonly onGoTo: (range: Range) => void;
  /** Null for who may not edit. */
  readonly onFix: FixAction | null;
  readonly onSuggest: FixAction | null;
}) {
  const { onFix, onSuggest } = props;
  const { severity, message, code, range, fixes, because } = props.diagnostic;
  const { icon: Icon, className, word } = looks[severity];
  const [unfolded, setUnfolded] = useState(false);
  return (
    <li className="problem">
      <Icon size={17} className={className} aria-label={word} />
      <Stack gap={4} miw={0} style={{ flex: 1 }}>
        <UnstyledButton onClick={() => props.onGoTo(range)} className="problem-message">
          <Text size="sm" span>
            {message}
          </Text>{' '}
          <Text size="xs" c="dimmed" span className="problem-place">
            line {range.start.line + 1} · {code}
          </Text>
        </UnstyledButton>
        {(fixes.length > 0 || because.length > 0) && (
          <Group gap={6}>
            {fixes.map((fix) => (
              <FixButtons
                key={fix.title}
                title={fix.title}
                onFix={onFix === null ? null : () => onFix(fix, props.diagnostic)}
                onSuggest={onSuggest === null ? null : () => onSuggest(fix, props.diagnostic)}
              />
            ))}
            {because.length > 0 && (
              <Anchor
                component="button"
                type="button"
                size="xs"
                aria-expanded={unfolded}
                onClick={() => setUnfolded(!unfolded)}
              >
                <Group gap={2} component="span">
                  {unfolded ? (
                    <IconChevronDown size={13} aria-hidden />
                  ) : (
                    <IconChevronRight size={13} aria-hidden />
                  )}
                  Why
                </Group>
              </Anchor>
            )}
          </Group>
        )}
        <Collapse expanded={unfolded}>
          <ol className="because">
            {because.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </Collapse>
      </Stack>
    </li>
  );
}

/** What would help: to be made, to be suggested, or for who may do neither to be read. */
function FixButtons(props: {
  readonly title: string;
  readonly onFix: (() => void) | null;
  readonly onSuggest: (() => void) | null;
}) {
  const { title, onFix, onSuggest } = props;
  if (onFix === null && onSuggest === null)
    return (
      <Group gap={4} wrap="nowrap">
        <IconBulb size={13} aria-hidden />
        <Text size="xs">{title}</Text>
      </Group>
    );
  if (onFix === null)
    return (
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<IconPencilQuestion size={13} aria-hidden />}
        onClick={() => onSuggest?.()}
      >
        Suggest: {title}
      </Button>
    );
  return (
    <Button.Group>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<IconBulb size={13} aria-hidden />}
        onClick={onFix}
      >
        {title}
      </Button>
      {onSuggest !== null && (
        <Tooltip label="Suggest it to the others instead">
          <Button
            size="compact-xs"
            variant="default"
            aria-label="Suggest it to the others"
            onClick={onSuggest}
          >
            <IconPencilQuestion size={13} aria-hidden />
          </Button>
        </Tooltip>
      )}
    </Button.Group>
  );
}

/** "2 errors, 1 warning" as badges. */
export function ProblemCounts({ diagnostics }: { readonly diagnostics: readonly Diagnostic[] }) {
  const count = (severity: Diagnostic['severity']): number =>
    diagnostics.filter((one) => one.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  return (
    <Group gap={4} wrap="nowrap">
      {errors > 0 && (
        <Badge size="sm" color="red" variant="light" circle={errors < 10} aria-label={`${errors} errors`}>
          {errors}
        </Badge>
      )}
      {warnings > 0 && (
        <Badge
          size="sm"
          color="yellow"
          variant="light"
          circle={warnings < 10}
          aria-label={`${warnings} warnings`}
        >
          {warnings}
        </Badge>
      )}
    </Group>
  );
}
