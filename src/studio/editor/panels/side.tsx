import { Badge, Tabs } from '@mantine/core';
import type { ReactNode } from 'react';
import type { SideTab } from '../review/use-reviewing.ts';

const TABS: readonly { readonly value: SideTab; readonly label: string }[] = [
  { value: 'estimate', label: 'Estimate' },
  { value: 'comments', label: 'Comments' },
  { value: 'suggestions', label: 'Suggestions' },
  { value: 'history', label: 'History' },
];

/** What stands beside the text, one at a time. */
export function SidePanel(props: {
  readonly tab: SideTab;
  readonly onTab: (tab: SideTab) => void;
  /** What is open, beside the name of its tab; `urgent`: somebody waits for us. */
  readonly counts: Partial<Record<SideTab, Count>>;
  readonly panels: Readonly<Record<SideTab, ReactNode>>;
}) {
  const { tab, counts } = props;
  return (
    <Tabs
      className="panel"
      value={tab}
      onChange={(value) => value !== null && props.onTab(value as SideTab)}
      keepMounted={false}
    >
      <Tabs.List className="side-tabs">
        {TABS.map(({ value, label }) => (
          <Tabs.Tab key={value} value={value} rightSection={countBadge(counts[value])}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {TABS.map(({ value, label }) => (
        <Tabs.Panel key={value} value={value} className="panel-body">
          <section aria-label={label}>{props.panels[value]}</section>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

interface Count {
  readonly count: number;
  readonly urgent: boolean;
}

/** Null, and so without a gap beside the name, where there is nothing to count. */
function countBadge({ count, urgent }: Count = { count: 0, urgent: false }): ReactNode {
  return count === 0 ? null : (
    <Badge
      size="xs"
      variant={urgent ? 'filled' : 'light'}
      color={urgent ? 'red.9' : 'gray'}
      circle={count < 10}
    >
      {count}
    </Badge>
  );
}
