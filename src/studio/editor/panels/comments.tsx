import { Anchor, Badge, Button, Group, Stack, Switch, Text, UnstyledButton } from '@mantine/core';
import { IconMessagePlus } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { MentionedPerson } from '../../../domain/review/mentions.ts';
import type { WholeThread } from '../../../protocol/http/review.ts';
import type { TextFile } from '../../../sdk/review.ts';
import { useServices } from '../../app/services.ts';
import { notifyError } from '../../shared/notify.tsx';
import type { Reviewing } from '../review/use-reviewing.ts';
import { Composer } from './composer.tsx';
import { Byline, Said } from './said.tsx';

/** What is said about the text, in threads; the ones that are resolved on demand. */
export function CommentsPanel(props: {
  readonly file: TextFile;
  readonly reviewing: Reviewing;
  readonly mayComment: boolean;
  readonly onOpenFile: (path: string) => void;
}) {
  const { file, reviewing, mayComment } = props;
  const { review: service } = useServices();
  const { review, mentions, people, draft, setDraft, selected } = reviewing;
  const [resolvedToo, setResolvedToo] = useState(false);
  const shown = review.threads.filter(
    ({ id, resolved }) => resolved === null || resolvedToo || id === selected,
  );
  const resolved = review.threads.length - review.threads.filter((one) => one.resolved === null).length;
  const elsewhere = mentions.unread.filter(({ path }) => path !== file.path);
  return (
    <Stack gap="sm" p="sm">
      {elsewhere.map(({ comment, path, by }) => (
        <Text key={comment} size="xs">
          {by} mentioned you in{' '}
          <Anchor component="button" type="button" size="xs" onClick={() => props.onOpenFile(path)}>
            {path}
          </Anchor>
        </Text>
      ))}
      {draft?.kind === 'comment' ? (
        <div className="review-card" data-draft="">
          {draft.anchor !== null && <Quote quote={draft.anchor.quote} />}
          <Composer
            label="Comment"
            button="Comment"
            people={people}
            focused
            onCancel={() => setDraft(null)}
            onSubmit={async (text) => {
              const { id } = await service.comment(file, draft.anchor, text, people);
              setDraft(null);
              reviewing.select(id);
            }}
          />
        </div>
      ) : (
        mayComment && (
          <Group justify="space-between">
            <Button
              size="compact-xs"
              variant="default"
              leftSection={<IconMessagePlus size={14} aria-hidden />}
              onClick={reviewing.startComment}
            >
              Comment on the selection
            </Button>
          </Group>
        )
      )}
      {shown.length === 0 && draft === null && (
        <Text size="sm" c="dimmed">
          Nobody has said anything about this text{resolved > 0 ? ' that is still open' : ''}.
        </Text>
      )}
      {shown.map((thread) => (
        <Thread
          key={thread.id}
          file={file}
          thread={thread}
          people={people}
          mayComment={mayComment}
          isSelected={thread.id === selected}
          isUnread={mentions.unread.some((one) => one.thread === thread.id)}
          onOpen={() => {
            reviewing.select(thread.id);
            mentions.markRead(thread.id);
            if (thread.anchor !== null) reviewing.goTo(thread.anchor);
          }}
          onRead={() => mentions.markRead(thread.id)}
        />
      ))}
      {resolved > 0 && (
        <Switch
          size="xs"
          label={`Show resolved (${resolved})`}
          checked={resolvedToo}
          onChange={(event) => setResolvedToo(event.currentTarget.checked)}
        />
      )}
    </Stack>
  );
}

function Thread(props: {
  readonly file: TextFile;
  readonly thread: WholeThread;
  readonly people: readonly MentionedPerson[];
  readonly mayComment: boolean;
  readonly isSelected: boolean;
  readonly isUnread: boolean;
  readonly onOpen: () => void;
  readonly onRead: () => void;
}) {
  const { file, thread, people, mayComment, isSelected, isUnread } = props;
  const { review: service, profile } = useServices();
  const [replying, setReplying] = useState(false);
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isSelected) card.current?.scrollIntoView({ block: 'nearest' });
  }, [isSelected]);
  const self = profile.current().id;
  const first = thread.comments[0];
  return (
    <article
      ref={card}
      className="review-card"
      data-selected={isSelected || undefined}
      aria-label={`Thread of ${thread.by.name}`}
    >
      <UnstyledButton onClick={props.onOpen} className="review-head">
        {thread.anchor === null ? (
          <Text size="xs" c="dimmed">
            About the whole text
          </Text>
        ) : (
          <Quote quote={thread.anchor.quote} />
        )}
      </UnstyledButton>
      {isUnread && (
        <Group gap={6} mb={4}>
          <Badge size="xs" color="red">
            You are mentioned
          </Badge>
          <Anchor component="button" type="button" size="xs" onClick={props.onRead}>
            Mark as read
          </Anchor>
        </Group>
      )}
      <Stack gap={8}>
        {thread.comments.map(({ id, by, created, text }) => (
          <div key={id}>
            <Byline by={by} at={created} />
            <Said text={text} self={self} />
          </div>
        ))}
      </Stack>
      {thread.resolved !== null && (
        <Byline by={thread.resolved.by} at={thread.resolved.at} what="resolved this" />
      )}
      {replying ? (
        <Composer
          label="Reply"
          button="Reply"
          people={people}
          focused
          onCancel={() => setReplying(false)}
          onSubmit={async (text) => {
            await service.reply(file, thread.id, text, people);
            props.onRead();
            setReplying(false);
          }}
        />
      ) : (
        mayComment &&
        first !== undefined && (
          <Group gap={6} mt={6}>
            <Button size="compact-xs" variant="subtle" onClick={() => setReplying(true)}>
              Reply
            </Button>
            <Button
              size="compact-xs"
              variant="subtle"
              onClick={() => service.resolve(file, thread.id, thread.resolved === null).catch(notifyError)}
            >
              {thread.resolved === null ? 'Resolve' : 'Open again'}
            </Button>
          </Group>
        )
      )}
    </article>
  );
}

function Quote({ quote }: { readonly quote: string }) {
  return (
    <Text size="xs" ff="monospace" className="review-quote" lineClamp={2}>
      {quote.trim() === '' ? '(an empty place)' : quote}
    </Text>
  );
}
