import { Text } from '@mantine/core';
import { type ComponentProps, memo } from 'react';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import { ProblemCounts, Problems } from './problems.tsx';

/** The problems under their title, and why there could be more: a check that failed. */
export const ProblemsPanel = memo(function ProblemsPanel({
  failure,
  ...problems
}: ComponentProps<typeof Problems> & { readonly failure: unknown }) {
  return (
    <section className="panel" aria-label="Problems">
      <div className="panel-title">
        <Text size="xs" fw={600}>
          Problems
        </Text>
        <ProblemCounts diagnostics={(problems.closed === null ? problems.diagnostics : null) ?? []} />
      </div>
      <div className="panel-body">
        {failure !== null && problems.closed === null && <ErrorNotice error={failure} />}
        <Problems {...problems} />
      </div>
    </section>
  );
});
