import { Alert, Button, Container, Grid, Group, Select, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import type { Progress } from '../../domain/runs/ports.ts';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { useProjectDeleted } from '../app/deleted.ts';
import { useServices } from '../app/services.ts';
import { useMayChange } from '../app/use-role.ts';
import { notifyError } from '../shared/notify.tsx';
import { useWatched } from '../shared/use-watched.ts';
import { watchFiles } from '../shared/watch-files.ts';
import { Answers } from './answers.tsx';
import { OpenModel } from './open-model.tsx';
import { promptsOf } from './prompt-fields.tsx';
import { openFiles } from './read-files.ts';
import { DEFAULT_DRAWING, SamplingForm } from './sampling-form.tsx';
import { type SourceChoice, sourcesOf } from './sources.ts';
import { useSampling } from './use-sampling.ts';

/** Sample from what was trained here or brought along, and train on from it. */
export function ModelsScreen() {
  const { project = 'sample' } = useParams();
  const { runs, models, trainer, files } = useServices();
  const [search, setSearch] = useSearchParams();
  const [prompts, setPrompts] = useState<readonly string[]>(['Once']);
  const [drawing, setDrawing] = useState(DEFAULT_DRAWING);
  const [opening, setOpening] = useState<{
    readonly doing: Progress | null;
    readonly error: unknown;
    readonly warnings: readonly string[];
  }>({
    doing: null,
    error: null,
    warnings: [],
  });
  const [keeping, setKeeping] = useState(false);
  const sampling = useSampling(trainer);
  const mayChange = useMayChange(project);
  const deleted = useProjectDeleted(project);
  const navigate = useNavigate();
  const found = useWatched(
    `models of ${project}`,
    async () => sourcesOf(await runs.list({ project }), models.list(await files(project))),
    (listener) => {
      const ends = [runs.watchAll(listener), watchFiles(files(project), listener)];
      return () => {
        for (const end of ends) end();
      };
    },
  );
  const sources = found.value ?? [];
  const chosen = sources.find(({ key }) => key === search.get('model')) ?? sources[0];

  const trainOn = async ({ source }: SourceChoice): Promise<void> => {
    setKeeping(true);
    try {
      // A run's model becomes files of the project first, so that what the new run starts from stays what it is.
      const from =
        source.type === 'files'
          ? source.files.name
          : ((await models.saveToProject(source.run)).folder.split('/').at(-1) ?? '');
      await navigate(`/p/${encodeURIComponent(project)}?${new URLSearchParams({ from })}`);
    } finally {
      setKeeping(false);
    }
  };
  const open = async (picked: File[]): Promise<void> => {
    if (picked.length === 0) return;
    const show = (doing: Progress): void => setOpening({ doing, error: null, warnings: [] });
    show({ what: 'Reading the model', done: 0, total: null });
    try {
      const opened = await openFiles(models, picked, show);
      await models.addToProject(await files(project), opened);
      setSearch({ model: `files:${opened.model.name}` }, { replace: true });
      setOpening({ doing: null, error: null, warnings: opened.facts.warnings });
    } catch (error) {
      setOpening({ doing: null, error, warnings: [] });
    }
  };
  return (
    <Container size="xl" py="lg">
      <Title order={2} mb="md">
        Models
      </Title>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack>
            <Select
              label="Model"
              placeholder={found.value === undefined ? 'Looking ...' : 'Nothing to sample from yet'}
              data={['Trained here', 'In the project'].map((group) => ({
                group,
                items: sources
                  .filter((one) => one.group === group)
                  .map(({ key, label }) => ({ value: key, label })),
              }))}
              value={chosen?.key ?? null}
              onChange={(key) => key !== null && setSearch({ model: key }, { replace: true })}
              allowDeselect={false}
              searchable
            />
            {chosen !== undefined && (
              <Group>
                <Button
                  size="xs"
                  variant="default"
                  loading={keeping}
                  disabled={deleted}
                  onClick={() => void trainOn(chosen).catch(notifyError)}
                >
                  Train on from it
                </Button>
              </Group>
            )}
            <SamplingForm
              prompts={prompts}
              onPrompts={setPrompts}
              value={drawing}
              onChange={setDrawing}
              busy={sampling.busy}
              disabled={chosen === undefined}
              onStart={() =>
                chosen !== undefined &&
                sampling.start({
                  source: chosen.source,
                  prompts: promptsOf(prompts),
                  drawing,
                  device: 'auto',
                })
              }
              onStop={sampling.stop}
            />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Answers
            sampling={sampling}
            empty={
              found.value !== undefined && chosen === undefined ? `/p/${encodeURIComponent(project)}` : null
            }
          />
        </Grid.Col>
        {/* Last, so that on a narrow screen what the model writes stands right under the button. */}
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack>
            {mayChange && <OpenModel doing={opening.doing} onFiles={(picked) => void open(picked)} />}
            {opening.error !== null && <ErrorNotice error={opening.error}> </ErrorNotice>}
            {opening.warnings.length > 0 && (
              <Alert color="yellow" title="Opened, with remarks">
                {opening.warnings.map((warning) => (
                  <Text size="sm" key={warning}>
                    {warning}
                  </Text>
                ))}
              </Alert>
            )}
          </Stack>
        </Grid.Col>
      </Grid>
    </Container>
  );
}
