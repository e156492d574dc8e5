import { Badge, Button, Group, Stack, Switch, Text, UnstyledButton } from '@mantine/core';
import { IconPencilQuestion } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { describeEvidence } from '../../../domain/review/evidence-words.ts';
import type { WholeSuggestion } from '../../../protocol/http/review.ts';
import type { SuggestedEdit } from '../../../protocol/review.ts';
import type { TextFile } from '../../../sdk/review.ts';
import { useServices } from '../../app/services.ts';
import { notifyError } from '../../shared/notify.tsx';
import { buttonOf, SUGGESTION } from '../review/drafts.ts';
import type { Reviewing } from '../review/use-reviewing.ts';
import { useWanted } from '../review/use-wanted.ts';
import { EditPreview } from './edit-preview.tsx';
import { Byline } from './said.tsx';
import { SuggestionForm } from './suggestion-form.tsx';

/** Changes that somebody proposes; an editor takes them over with a click. */
export function SuggestionsPanel(props: {
  readonly file: TextFile;
  readonly reviewing: Reviewing;
  readonly maySuggest: boolean;
  readonly mayDecide: boolean;
}) {
  const { file, reviewing, maySuggest, mayDecide } = props;
  const { review, drafts, suggestion: draft, selected } = reviewing;
  const [decidedToo, setDecidedToo] = useState(false);
  const open = review.suggestions.filter(({ decision }) => decision === null);
  const decided = review.suggestions.length - open.length;
  const shown = review.suggestions.filter(
    ({ id, decision }) => decision === null || decidedToo || id === selected,
  );
  const start = useWanted<HTMLButtonElement>(drafts, buttonOf(SUGGESTION));
  return (
    <Stack gap="sm" p="sm">
      {draft !== null ? (
        <SuggestionForm
          key={draft.id}
          file={file}
          draft={draft}
          drafts={drafts}
          blocked={
            maySuggest
              ? null
              : `${reviewing.closed ?? 'Your role does not allow to suggest now.'} What you wrote is kept.`
          }
          onDone={(suggestion) => {
            reviewing.endSuggestion();
            if (suggestion !== null) reviewing.select(suggestion.id);
          }}
        />
      ) : (
        maySuggest && (
          <Group>
            <Button
              ref={start}
              size="compact-xs"
              variant="default"
              leftSection={<IconPencilQuestion size={14} aria-hidden />}
              onClick={reviewing.startSuggestion}
            >
              Suggest a change of the selection
            </Button>
          </Group>
        )
      )}
      {shown.length === 0 && draft === null && (
        <Text size="sm" c="dimmed">
          No change is suggested. Fixes of Problems can be suggested too.
        </Text>
      )}
      {shown.map((suggestion) => (
        <Suggestion
          key={suggestion.id}
          file={file}
          suggestion={suggestion}
          isSelected={suggestion.id === selected}
          maySuggest={maySuggest}
          mayDecide={mayDecide}
          onOpen={(edit) => {
            reviewing.select(suggestion.id);
            reviewing.goTo(edit);
          }}
        />
      ))}
      {decided > 0 && (
        <Switch
          size="xs"
          label={`Show decided (${decided})`}
          checked={decidedToo}
          onChange={(event) => setDecidedToo(event.currentTarget.checked)}
        />
      )}
    </Stack>
  );
}

function Suggestion(props: {
  readonly file: TextFile;
  readonly suggestion: WholeSuggestion;
  readonly isSelected: boolean;
  readonly maySuggest: boolean;
  readonly mayDecide: boolean;
  readonly onOpen: (edit: SuggestedEdit) => void;
}) {
  const { file, suggestion, isSelected, maySuggest, mayDecide } = props;
  const { id, by, title, note, edits, evidence, decision, created } = suggestion;
  const { review: service, profile } = useServices();
  const [busy, setBusy] = useState(false);
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isSelected) card.current?.scrollIntoView({ block: 'nearest' });
  }, [isSelected]);
  const settle = (work: Promise<unknown>): void => {
    setBusy(true);
    work.catch(notifyError).finally(() => setBusy(false));
  };
  return (
    <article
      ref={card}
      className="review-card"
      data-selected={isSelected || undefined}
      aria-label={`Suggestion: ${title}`}
    >
      <Byline by={by} at={created} />
      <Text size="sm" fw={600} mt={4}>
        {title}
      </Text>
      {note !== '' && (
        <Text size="sm" className="said">
          {note}
        </Text>
      )}
      {edits.map((edit, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the edits of a suggestion never change
        <UnstyledButton key={index} onClick={() => props.onOpen(edit)} className="review-head">
          <EditPreview oldText={edit.oldText} newText={edit.newText} />
        </UnstyledButton>
      ))}
      {evidence !== null && (
        <Text size="xs" mt={6} className="evidence" role="note">
          {describeEvidence(evidence)}
        </Text>
      )}
      {decision !== null ? (
        <Group gap={6} mt={6}>
          <Badge
            size="xs"
            variant="light"
            tt="none"
            color={decision.kind === 'accepted' ? 'green' : 'gray'}
            c="var(--mantine-color-text)"
          >
            {decision.kind}
          </Badge>
          <Byline by={decision.by} at={decision.at} />
        </Group>
      ) : (
        <Group gap={6} mt={6}>
          {mayDecide && (
            <>
              <Button
                size="compact-xs"
                loading={busy}
                onClick={() => settle(service.decide(file, id, 'accepted'))}
              >
                Accept
              </Button>
              <Button
                size="compact-xs"
                variant="default"
                disabled={busy}
                onClick={() => settle(service.decide(file, id, 'rejected'))}
              >
                Reject
              </Button>
            </>
          )}
          {maySuggest && by.id === profile.current().id && (
            <Button
              size="compact-xs"
              variant="subtle"
              disabled={busy}
              onClick={() => settle(service.withdraw(file, id))}
            >
              Take back
            </Button>
          )}
        </Group>
      )}
    </article>
  );
}
