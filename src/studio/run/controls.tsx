import { Button, Group, Menu, NumberInput, Popover, Stack, Text } from '@mantine/core';
import {
  IconChartDots,
  IconDeviceFloppy,
  IconDownload,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconTextPlus,
} from '@tabler/icons-react';
import { useState } from 'react';
import { can, isActive, type Run } from '../../domain/runs/run.ts';
import type { TrainingCommand } from '../../engine/training/events.ts';

export interface RunActions {
  readonly command: (command: TrainingCommand) => void;
  readonly resume: () => void;
  readonly save: (target: 'zip' | 'folder' | 'project') => void;
}

/** What may be done to the run now. A button that cannot be pressed is not there. */
export function RunControls({
  run,
  actions,
  learningRate,
  canPickFolder,
}: {
  readonly run: Run;
  readonly actions: RunActions;
  readonly learningRate: number | null;
  readonly canPickFolder: boolean;
}) {
  const training = run.state === 'running' || run.state === 'paused';
  return (
    <Group gap="xs">
      {run.state === 'running' && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlayerPause size={14} />}
          onClick={() => actions.command({ type: 'pause' })}
        >
          Pause
        </Button>
      )}
      {run.state === 'paused' && (
        <Button
          size="xs"
          leftSection={<IconPlayerPlay size={14} />}
          onClick={() => actions.command({ type: 'resume' })}
        >
          Continue
        </Button>
      )}
      {can(run, 'resumed') && (
        <Button size="xs" leftSection={<IconPlayerPlay size={14} />} onClick={actions.resume}>
          Resume from step {(run.checkpoint?.step ?? 0).toLocaleString('en')}
        </Button>
      )}
      {isActive(run) && (
        <Button
          size="xs"
          variant="default"
          color="red"
          leftSection={<IconPlayerStop size={14} />}
          onClick={() => actions.command({ type: 'stop' })}
        >
          Stop
        </Button>
      )}
      {training && (
        <>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconChartDots size={14} />}
            onClick={() => actions.command({ type: 'evaluate' })}
          >
            Evaluate now
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconTextPlus size={14} />}
            onClick={() => actions.command({ type: 'sample' })}
          >
            Sample
          </Button>
          <LearningRate
            current={learningRate}
            onSet={(rate) => actions.command({ type: 'set_learning_rate', learning_rate: rate })}
          />
        </>
      )}
      {run.checkpoint !== null && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button size="xs" variant="default" leftSection={<IconDownload size={14} />}>
              Save model
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>A Hugging Face folder, of step {run.checkpoint.step.toLocaleString('en')}</Menu.Label>
            <Menu.Item leftSection={<IconDownload size={14} />} onClick={() => actions.save('zip')}>
              Download as a zip
            </Menu.Item>
            {canPickFolder && (
              <Menu.Item leftSection={<IconDeviceFloppy size={14} />} onClick={() => actions.save('folder')}>
                Write into a folder
              </Menu.Item>
            )}
            <Menu.Item leftSection={<IconDeviceFloppy size={14} />} onClick={() => actions.save('project')}>
              Keep in the project
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </Group>
  );
}

function LearningRate({
  current,
  onSet,
}: {
  readonly current: number | null;
  readonly onSet: (rate: number) => void;
}) {
  const [opened, setOpened] = useState(false);
  const [value, setValue] = useState<number | string>('');
  const rate = Number(value);
  const valid = value !== '' && Number.isFinite(rate) && rate > 0;
  return (
    <Popover opened={opened} onChange={setOpened} trapFocus withArrow>
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          onClick={() => {
            setValue(current === null ? '' : Number(current.toPrecision(3)));
            setOpened(true);
          }}
        >
          Learning rate
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack
          component="form"
          gap="xs"
          w={240}
          onSubmit={(event) => {
            event.preventDefault();
            if (!valid) return;
            onSet(rate);
            setOpened(false);
          }}
        >
          <NumberInput
            label="From the next step on"
            value={value}
            onChange={setValue}
            min={0}
            decimalScale={12}
            step={0.0001}
            error={value !== '' && !valid ? 'A number above 0' : null}
          />
          <Text size="xs" c="dimmed">
            The whole schedule is scaled to pass through this rate. It is recorded in the run.
          </Text>
          <Button size="xs" type="submit" disabled={!valid}>
            Set
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
