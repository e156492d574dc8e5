import { Button, Group, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconGitCompare } from '@tabler/icons-react';
import { useState } from 'react';
import { authorsByLine } from '../../../domain/review/blame.ts';
import type { Version, VersionContent } from '../../../protocol/review.ts';
import type { TextFile } from '../../../sdk/review.ts';
import { useServices } from '../../app/services.ts';
import { notifyError, notifyUndo, whileShown } from '../../shared/notify.tsx';
import type { LineAuthors } from '../review/blame.ts';
import { type Drafts, VERSION_WORDS } from '../review/drafts.ts';
import { type Sides, TextDiff } from '../review/text-diff.tsx';
import type { Reviewing } from '../review/use-reviewing.ts';
import { useWords } from '../review/use-words.ts';
import type { OpenEditor } from '../text-editor.tsx';
import { Byline, whenWords } from './said.tsx';

interface Compared {
  readonly title: string;
  readonly about: string;
  readonly sides: Sides;
  readonly version: Version;
}

/** How the text was: what people named, what runs trained, and what is kept when the editing pauses. */
export function HistoryPanel(props: {
  readonly file: TextFile;
  readonly reviewing: Reviewing;
  readonly opened: OpenEditor | null;
  readonly mayName: boolean;
  readonly mayRestore: boolean;
}) {
  const { file, reviewing, opened, mayName, mayRestore } = props;
  const { review: service, documents } = useServices();
  const [limit, setLimit] = useState(AT_ONCE);
  const [kinds, setKinds] = useState<Kinds>('all');
  const [compared, setCompared] = useState<Compared | null>(null);
  const [busy, setBusy] = useState(false);
  const versions = reviewing.review.versions.filter(
    ({ kind }) => kinds === 'all' || kind === kinds || (kinds === 'named' && kind === 'run'),
  );
  /** With the text as it is now, or with `earlier`: what changed from there to the version. */
  const compare = async (version: Version, earlier: Version | null): Promise<void> => {
    if (busy) return;
    setBusy(true);
    try {
      const [content, start] = await whileShown(
        'Fetching the version',
        Promise.all([
          service.contentOf(file, version.id),
          earlier === null ? null : service.contentOf(file, earlier.id),
        ]),
      );
      const before = start ?? content;
      setCompared({
        version,
        title:
          earlier === null
            ? `${titleOf(version)}, and the text as it is now`
            : `What changed up to ${titleOf(version)}`,
        about: sharesOf(content),
        sides: {
          before: before.text,
          after: start === null ? null : content.text,
          authors: authorsOf(before, documents.review.coloursOf),
        },
      });
    } catch (error) {
      notifyError(error);
    } finally {
      setBusy(false);
    }
  };
  const restore = async (version: Version): Promise<void> => {
    try {
      const before = await service.restore(file, version.id);
      setCompared(null);
      if (before === null) {
        notifications.show({ title: 'The text is this version already', message: 'Nothing was changed.' });
      } else {
        notifyUndo(`Restored: ${titleOf(version)}`, () => service.restore(file, before.id));
      }
    } catch (error) {
      notifyError(error);
    }
  };
  return (
    <Stack gap="sm" p="sm">
      <Switch
        size="xs"
        label="Who wrote what, in the gutter"
        checked={reviewing.blamed}
        onChange={(event) => reviewing.setBlamed(event.currentTarget.checked)}
      />
      {reviewing.closed !== null && (
        <Text size="sm" c="dimmed">
          {reviewing.closed} Its versions can be compared and restored when it is back.
        </Text>
      )}
      {mayName && (
        <NameVersion
          key={file.path}
          drafts={reviewing.drafts}
          onName={(name) => service.nameVersion(file, name)}
        />
      )}
      <Select
        size="xs"
        aria-label="Which versions"
        allowDeselect={false}
        data={[
          { value: 'all', label: 'All versions' },
          { value: 'named', label: 'Named and trained ones' },
        ]}
        value={kinds}
        onChange={(value) => setKinds(value === 'named' ? 'named' : 'all')}
      />
      {versions.length === 0 && (
        <Text size="sm" c="dimmed">
          There is no version yet. One is kept whenever the editing pauses, and before each run.
        </Text>
      )}
      <ol className="versions">
        {versions.slice(0, limit).map((version, index) => (
          <li key={version.id} className="review-card">
            <Text size="sm" fw={version.kind === 'auto' ? 400 : 600}>
              {titleOf(version)}
            </Text>
            {version.by !== null && <Byline by={version.by} at={version.created} />}
            <Text size="xs" c="dimmed">
              {version.by === null ? `${whenWords(version.created, Date.now())} · ` : ''}
              {writersOf(version)}
            </Text>
            <Group gap={6} mt={4}>
              <Button
                size="compact-xs"
                variant="default"
                leftSection={<IconGitCompare size={13} aria-hidden />}
                disabled={opened === null}
                onClick={() => void compare(version, null)}
                aria-label={`Compare with ${titleOf(version)}`}
              >
                Compare
              </Button>
              {index + 1 < versions.length && (
                <Button
                  size="compact-xs"
                  variant="subtle"
                  disabled={opened === null}
                  onClick={() => void compare(version, versions[index + 1] ?? null)}
                  aria-label={`What changed up to ${titleOf(version)}`}
                >
                  Changes
                </Button>
              )}
              {mayRestore && (
                <Button
                  size="compact-xs"
                  variant="subtle"
                  onClick={() => void restore(version)}
                  aria-label={`Restore ${titleOf(version)}`}
                >
                  Restore
                </Button>
              )}
            </Group>
          </li>
        ))}
      </ol>
      {versions.length > limit && (
        <Button size="compact-xs" variant="subtle" onClick={() => setLimit(limit + AT_ONCE)}>
          Show older ones ({versions.length - limit})
        </Button>
      )}
      {compared !== null && opened !== null && (
        <TextDiff
          title={compared.title}
          about={compared.about}
          sides={compared.sides}
          opened={opened}
          onClose={() => setCompared(null)}
          action={
            mayRestore ? { label: 'Restore this version', run: () => void restore(compared.version) } : null
          }
        />
      )}
    </Stack>
  );
}

type Kinds = 'all' | 'named';
const AT_ONCE = 40;

function NameVersion(props: {
  readonly drafts: Drafts;
  readonly onName: (name: string) => Promise<unknown>;
}) {
  const [name, setName] = useWords(props.drafts, VERSION_WORDS);
  const [busy, setBusy] = useState(false);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === '') return;
        setBusy(true);
        props
          .onName(name.trim())
          .then(() => setName(''), notifyError)
          .finally(() => setBusy(false));
      }}
    >
      <Group gap={6} wrap="nowrap">
        <TextInput
          size="xs"
          flex={1}
          aria-label="Name of a new version"
          placeholder="Name the text as it is now"
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button size="xs" type="submit" loading={busy} disabled={name.trim() === ''}>
          Keep
        </Button>
      </Group>
    </form>
  );
}

export function titleOf({ kind, name }: Version): string {
  if (kind === 'run') return name === null ? 'Before a run' : `Before ${name}`;
  return name ?? 'Automatic version';
}

function writersOf({ editors, characters }: Version): string {
  const length = `${characters.toLocaleString('en')} characters`;
  if (editors.length === 0) return length;
  return `${length} · edited by ${editors.map(({ name }) => name).join(', ')}`;
}

export function authorsOf(
  { text, spans, people }: VersionContent,
  coloursOf: (people: readonly string[]) => ReadonlyMap<string, number>,
): LineAuthors {
  const colours = coloursOf(people.map(({ id }) => id));
  const known = people.map((person) => ({ ...person, colour: colours.get(person.id) ?? 0 }));
  const stretches = spans.map(([length, author]) => ({ length, author: known[author] ?? null }));
  return authorsByLine(text, stretches);
}

/** "Written by Ada (60 %), Bob (40 %)"; what is too old to be known is left out. */
export function sharesOf({ people, spans, text }: VersionContent): string {
  const lengths = people.map(({ name }, index) => ({
    name,
    length: spans.reduce((sum, [length, author]) => (author === index ? sum + length : sum), 0),
  }));
  const known = lengths.filter(({ length }) => length > 0).sort((a, b) => b.length - a.length);
  if (known.length === 0 || text.length === 0) return '';
  const words = known.map(({ name, length }) => `${name} (${Math.round((100 * length) / text.length)} %)`);
  return `Written by ${words.join(', ')}`;
}
