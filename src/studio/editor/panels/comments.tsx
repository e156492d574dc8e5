import { Anchor, Badge, Button, Group, Stack, Switch, Text, UnstyledButton } from '@mantine/core';
import { IconMessagePlus } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { MentionedPerson } from '../../../domain/review/mentions.ts';
import type { WholeThread } from '../../../protocol/http/review.ts';
import type { TextFile } from '../../../sdk/review.ts';
import { useServices } from '../../app/services.ts';
import { notifyError } from '../../shared/notify.tsx';
import { buttonOf, COMMENT_WORDS, type Drafts, replyWords } from '../review/drafts.ts';
import type { Reviewing } from '../review/use-reviewing.ts';
import { useWanted } from '../review/use-wanted.ts';
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
  const { review, mentions, people, drafts, comment, selected } = reviewing;
  const [resolvedToo, setResolvedToo] = useState(false);
  const { unread } = mentions;
  const isUnread = (id: string): boolean => unread.some(({ thread }) => thread === id);
  const shown = review.threads.filter(
    ({ id, resolved }) =>
      resolved === null || resolvedToo || id === selected || isUnread(id) || drafts.words.has(replyWords(id)), // somebody resolves what one is still answering
  );
  const resolved = review.threads.length - review.threads.filter((one) => one.resolved === null).length;
  const blocked = whyNotNow(reviewing);
  const start = useWanted<HTMLButtonElement>(drafts, buttonOf(COMMENT_WORDS));
  return (
    <Stack gap="sm" p="sm">
      <MentionsElsewhere file={file} reviewing={reviewing} onOpenFile={props.onOpenFile} />
      {comment?.open === true ? (
        <div className="review-card" data-draft="">
          {comment.anchor !== null && <Quote quote={comment.anchor.quote} />}
          <Composer
            label="Comment"
            button="Comment"
            people={people}
            drafts={drafts}
            words={COMMENT_WORDS}
            blocked={blocked}
            onCancel={reviewing.endComment}
            onClose={reviewing.closeComment}
            onSubmit={async (text) => {
              const { id } = await service.comment(file, comment.anchor, text, people);
              reviewing.endComment();
              reviewing.select(id);
            }}
          />
        </div>
      ) : (
        mayComment && (
          <Group justify="space-between">
            <Button
              ref={start}
              size="compact-xs"
              variant="default"
              leftSection={<IconMessagePlus size={14} aria-hidden />}
              onClick={reviewing.startComment}
            >
              {comment === null ? 'Comment on the selection' : 'Go on with your comment'}
            </Button>
          </Group>
        )
      )}
      {shown.length === 0 && comment === null && (
        <Text size="sm" c="dimmed">
          Nobody has said anything about this text{resolved > 0 ? ' that is still open' : ''}.
          {mayComment && ' Select a part of it, and say what you think; an @ before a name asks somebody.'}
        </Text>
      )}
      {shown.map((thread) => (
        <Thread
          key={thread.id}
          file={file}
          thread={thread}
          people={people}
          drafts={drafts}
          mayComment={mayComment}
          blocked={blocked}
          isSelected={thread.id === selected}
          isUnread={isUnread(thread.id)}
          onOpen={() => {
            reviewing.select(thread.id);
            mentions.markRead(thread.id);
            if (thread.anchor !== null) reviewing.goTo(thread.anchor);
          }}
          onReply={() => reviewing.select(thread.id)}
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
  readonly drafts: Drafts;
  readonly mayComment: boolean;
  readonly blocked: string | null;
  readonly isSelected: boolean;
  readonly isUnread: boolean;
  readonly onOpen: () => void;
  /** The answer is begun. */
  readonly onReply: () => void;
  readonly onRead: () => void;
}) {
  const { file, thread, people, drafts, mayComment, blocked, isSelected, isUnread } = props;
  const { review: service, profile } = useServices();
  const [replying, setReplying] = useState(() => drafts.words.has(replyWords(thread.id)));
  const card = useRef<HTMLElement>(null);
  const reply = useWanted<HTMLButtonElement>(drafts, buttonOf(replyWords(thread.id)));
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
          <Badge size="xs" color="red.9" tt="none">
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
          drafts={drafts}
          words={replyWords(thread.id)}
          blocked={blocked}
          onCancel={() => setReplying(false)}
          onClose={() => setReplying(false)}
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
            <Button
              ref={reply}
              size="compact-xs"
              variant="subtle"
              onClick={() => {
                drafts.wanted = replyWords(thread.id);
                setReplying(true);
                props.onReply();
              }}
            >
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

/** Where one is mentioned that is not among the threads here: in another text, or in what is gone. */
function MentionsElsewhere(props: {
  readonly file: TextFile;
  readonly reviewing: Reviewing;
  readonly onOpenFile: (path: string) => void;
}) {
  const { file, reviewing } = props;
  const { review, mentions } = reviewing;
  const byThread = new Map(mentions.unread.map((one) => [one.thread, one]));
  for (const { id } of review.threads) byThread.delete(id);
  return [...byThread.values()].map(({ thread, path, by }) => (
    <Group key={thread} gap={6} className="mentioned-elsewhere">
      <Text size="xs">
        {by} mentioned you
        {path === file.path ? ' here' : ' in '}
        {path !== file.path && (
          <Anchor
            component="button"
            type="button"
            size="xs"
            onClick={() => {
              mentions.markRead(thread);
              reviewing.selectIn(path, thread);
              props.onOpenFile(path);
            }}
          >
            {path}
          </Anchor>
        )}
      </Text>
      <Anchor component="button" type="button" size="xs" c="dimmed" onClick={() => mentions.markRead(thread)}>
        Mark as read
      </Anchor>
    </Group>
  ));
}

/** Why what was begun cannot be sent now; null where it can. */
function whyNotNow({ mayComment, closed }: Reviewing): string | null {
  if (mayComment) return null;
  return `${closed ?? 'Your role does not allow to comment now.'} What you wrote is kept.`;
}

function Quote({ quote }: { readonly quote: string }) {
  return (
    <Text size="xs" ff="monospace" className="review-quote" lineClamp={2}>
      {quote.trim() === '' ? '(an empty place)' : quote}
    </Text>
  );
}
