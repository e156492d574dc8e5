import {
  Alert,
  Badge,
  Button,
  Container,
  Grid,
  Group,
  NavLink,
  Skeleton,
  Stack,
  Text,
  Title,
} from '@mantine/core';
import { IconBook2, IconFileText, IconTrash } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import type { Progress as Doing } from '../../domain/runs/ports.ts';
import type { TextReport } from '../../protocol/data.ts';
import { DoingBar } from '../../ui/doing.tsx';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { formatBytes } from '../../ui/format.ts';
import { useServices } from '../app/services.ts';
import { useMayChange } from '../app/use-role.ts';
import { ArtifactPlace, ArtifactPlaceWords } from '../shared/artifact-place.tsx';
import { setConfigField } from '../shared/edit-config.ts';
import { notifyError, notifyUndo } from '../shared/notify.tsx';
import { useWatched } from '../shared/use-watched.ts';
import { watchFiles } from '../shared/watch-files.ts';
import { AddText } from './add-text.tsx';
import { TextReportView } from './text-report.tsx';
import { BUILT_IN, configuredData, inspect, type ListedText, listTexts, useTaking } from './use-texts.ts';

/** The texts of a project: add, look, choose which one is trained on. */
export function DataScreen() {
  const { project = 'sample' } = useParams();
  const services = useServices();
  const mayChange = useMayChange(project);
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const { doing, failures, changes, take } = useTaking(services, project);
  const listed = useWatched(
    `texts of ${project}`,
    async () => ({
      texts: await listTexts(services, project),
      data: await configuredData(services, project),
    }),
    (listener) => watchFiles(services.files(project), listener),
  );
  const texts = listed.value?.texts ?? [];
  const data = listed.value?.data;
  const chosen = texts.find(({ path }) => path === (search.get('text') ?? data?.source)) ?? texts[0];

  const remove = async (text: ListedText): Promise<void> => {
    const files = await services.files(project);
    const artifact = files.get(text.path);
    if (artifact === null) return;
    files.remove(text.path);
    notifyUndo(`${text.path} is deleted`, async () => files.set(text.path, artifact));
  };
  const use = async (path: string): Promise<void> => {
    if (await setConfigField(services, project, ['data', 'source'], path))
      void navigate(`/p/${encodeURIComponent(project)}`);
    else notifyError(new Error('The config cannot be edited now: mend it in the editor first.'));
  };
  return (
    <Container size="xl" py="lg">
      <Title order={2} mb="md">
        Data
      </Title>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Stack>
            <nav aria-label="Texts">
              {listed.value === undefined && listed.error === null && <Skeleton h={80} />}
              {texts.map((text) => (
                <NavLink
                  key={text.path}
                  component="button"
                  active={text.path === chosen?.path}
                  label={text.path}
                  description={
                    text.sha256 === null ? (
                      'built in: short stories from a seeded generator'
                    ) : (
                      <>
                        {formatBytes(text.bytes)}
                        <ArtifactPlaceWords sha256={text.sha256} />
                      </>
                    )
                  }
                  leftSection={
                    text.sha256 === null ? (
                      <IconBook2 size={18} stroke={1.5} />
                    ) : (
                      <IconFileText size={18} stroke={1.5} />
                    )
                  }
                  rightSection={
                    <Group gap={6} wrap="nowrap">
                      {text.path === data?.source && (
                        <Badge size="xs" variant="light" tt="none">
                          in the config
                        </Badge>
                      )}
                      {text.sha256 !== null && <ArtifactPlace sha256={text.sha256} />}
                    </Group>
                  }
                  onClick={() => setSearch({ text: text.path }, { replace: true })}
                />
              ))}
            </nav>
            {listed.error !== null && <ErrorNotice error={listed.error} />}
            {mayChange && (
              <AddText
                doing={doing}
                onFiles={(files) =>
                  void take(files).then(
                    (path) => path !== null && setSearch({ text: path }, { replace: true }),
                  )
                }
              />
            )}
            {changes.map(({ name, notices }) =>
              notices.map((notice) => (
                <Alert key={`${name} ${notice.code}`} color="blue" title={notice.message} py="xs">
                  <Text size="sm">
                    {name}: {notice.fix}
                  </Text>
                </Alert>
              )),
            )}
            {failures.map(({ name, error }) => (
              <ErrorNotice key={name} error={error}>
                <Text size="xs" c="dimmed">
                  {name} was not added; everything else is as it was.
                </Text>
              </ErrorNotice>
            ))}
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 8 }}>
          {chosen !== undefined && (
            <Stack>
              <Group justify="space-between">
                <Title order={3} fz="h4" style={{ overflowWrap: 'anywhere' }}>
                  {chosen.path}
                </Title>
                <Group gap="xs">
                  {chosen.path !== data?.source && mayChange && (
                    <Button size="xs" onClick={() => void use(chosen.path).catch(notifyError)}>
                      Train on this
                    </Button>
                  )}
                  {chosen.path !== BUILT_IN && mayChange && (
                    <Button
                      size="xs"
                      variant="default"
                      leftSection={<IconTrash size={14} />}
                      onClick={() => void remove(chosen).catch(notifyError)}
                    >
                      Delete
                    </Button>
                  )}
                </Group>
              </Group>
              <Inspected
                key={`${chosen.path} ${chosen.sha256}`}
                project={project}
                text={chosen}
                validationSplit={data?.validation_split ?? 0.1}
              />
            </Stack>
          )}
        </Grid.Col>
      </Grid>
    </Container>
  );
}

function Inspected({
  project,
  text,
  validationSplit,
}: {
  readonly project: string;
  readonly text: ListedText;
  readonly validationSplit: number;
}) {
  const services = useServices();
  const [report, setReport] = useState<TextReport | null>(null);
  const [doing, setDoing] = useState<Doing | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let over = false;
    inspect(services, project, text, (progress) => over || setDoing(progress)).then(
      (found) => over || setReport(found),
      (reason: unknown) => over || setError(reason),
    );
    return () => {
      over = true;
    };
  }, [services, project, text]);
  if (error !== null) return <ErrorNotice error={error} />;
  if (report !== null) return <TextReportView report={report} validationSplit={validationSplit} />;
  return <DoingBar doing={doing ?? { what: `Reading ${text.path}`, done: 0, total: null }} />;
}
