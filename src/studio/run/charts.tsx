import { Button, Group, SimpleGrid, Skeleton, Slider, Switch, Text } from '@mantine/core';
import { useDeferredValue, useMemo, useState } from 'react';
import { CHART_HEIGHT, MetricChart } from '../../ui/charts/metric-chart.tsx';
import { createChartPointer } from '../../ui/charts/pointer.ts';
import { PANELS, panelSeries, type RunCurves } from './metrics.ts';
import { Readout } from './readout.tsx';
import { useOneByOne } from './use-one-by-one.ts';

/** All curves of a run and of those laid over it. One pointer, one zoom, for all panels. */
export default function Charts({ runs }: { readonly runs: readonly RunCurves[] }) {
  const [smoothing, setSmoothing] = useState(0.8);
  const [logX, setLogX] = useState(false);
  const [logY, setLogY] = useState(false);
  const [zoom, setZoom] = useState<readonly [number, number] | null>(null);
  const [pointer] = useState(createChartPointer);
  // Dragging the slider must not wait for the drawing.
  const weight = useDeferredValue(smoothing);
  const panels = useMemo(
    () =>
      PANELS.map((panel) => ({ panel, series: panelSeries(panel, runs, weight), zoom, logX, logY })).filter(
        ({ panel, series }) => panel.id === 'loss' || series.some((one) => one.values.length > 0),
      ),
    [runs, weight, zoom, logX, logY],
  );
  const shown = useOneByOne(panels);
  return (
    <>
      <Group gap="lg" mb="sm" wrap="wrap">
        <Group gap="xs" wrap="nowrap">
          <Text size="sm" id="smoothing">
            Smoothing
          </Text>
          <Slider
            w={140}
            min={0}
            max={0.99}
            step={0.01}
            value={smoothing}
            onChange={setSmoothing}
            label={(value) => value.toFixed(2)}
            thumbProps={{ 'aria-labelledby': 'smoothing' }}
          />
        </Group>
        <Switch
          size="xs"
          label="Log steps"
          checked={logX}
          onChange={(event) => setLogX(event.currentTarget.checked)}
        />
        <Switch
          size="xs"
          label="Log values"
          checked={logY}
          onChange={(event) => setLogY(event.currentTarget.checked)}
        />
        {zoom === null ? (
          <Text size="xs" c="dimmed" visibleFrom="sm">
            Drag over a chart to zoom
          </Text>
        ) : (
          <Button size="compact-xs" variant="light" onClick={() => setZoom(null)}>
            Steps {Math.round(zoom[0]).toLocaleString('en')} to {Math.round(zoom[1]).toLocaleString('en')}:
            show all
          </Button>
        )}
      </Group>
      <Readout runs={runs} pointer={pointer} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg" verticalSpacing="md">
        {panels.map(({ panel }, i) => {
          const drawn = shown[i];
          return drawn === undefined ? (
            <Skeleton key={panel.id} h={CHART_HEIGHT + 26} />
          ) : (
            <MetricChart
              key={panel.id}
              title={drawn.panel.title}
              series={drawn.series}
              format={drawn.panel.format}
              fromZero={drawn.panel.fromZero ?? false}
              logX={drawn.logX}
              logY={drawn.logY && drawn.panel.logarithmic}
              zoom={drawn.zoom}
              onZoom={setZoom}
              pointer={pointer}
            />
          );
        })}
      </SimpleGrid>
    </>
  );
}
