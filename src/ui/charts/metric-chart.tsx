import '@mantine/charts/styles.css';
import { LineChart } from '@mantine/charts';
import { Box, Group, Text } from '@mantine/core';
import { memo, useEffect, useMemo, useState } from 'react';
import { usePlotArea } from 'recharts';
import { logTicks, type StepAxis } from './axis.ts';
import { ChartOverlay, type PlotArea } from './chart-overlay.tsx';
import type { ChartPointer } from './pointer.ts';
import { type Series, toRows, within } from './series.ts';

export interface MetricChartProps {
  readonly title: string;
  readonly series: readonly Series[];
  /** Keep it the same from one drawing to the next: a chart is drawn anew only when something changed. */
  readonly format: (value: number) => string;
  /** Quantities of which the size matters, not only the change. */
  readonly fromZero: boolean;
  readonly logX: boolean;
  readonly logY: boolean;
  /** First and last step shown; null: all. */
  readonly zoom: readonly [number, number] | null;
  readonly onZoom: (zoom: readonly [number, number] | null) => void;
  readonly pointer: ChartPointer;
}

/** More points than this are not visible on a chart of this width, and cost time on the main thread. */
const POINTS = 240;

export const CHART_HEIGHT = 200;

const NUMBERS = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const formatStep = (step: number): string => NUMBERS.format(step);
const lineProps = (series: { readonly strokeDasharray?: string | number }) => ({
  isAnimationActive: false,
  // What is measured rarely lies over what is measured at each step, and has to be seen there.
  ...(series.strokeDasharray === undefined ? { strokeOpacity: 0.75 } : { strokeWidth: 2.5 }),
});

/** A chart over training steps. Reading and zooming are the overlay's: no movement of the pointer draws a curve. */
export const MetricChart = memo(function MetricChart(props: MetricChartProps) {
  const { title, series, zoom, logX, logY, format, pointer, onZoom } = props;
  const [area, setArea] = useState<PlotArea | null>(null);
  const rows = useMemo(() => {
    const shown = zoom === null ? series : series.map((one) => within(one, zoom[0], zoom[1]));
    const all = toRows(shown, POINTS, logY);
    return logX ? all.filter((row) => row.step > 0) : all;
  }, [series, zoom, logX, logY]);
  const steps = useMemo(() => rows.map((row) => row.step), [rows]);
  const axis = useMemo<StepAxis>(() => {
    const least = logX ? 1 : 0;
    const last = Math.max(steps.at(-1) ?? 1, least + 1);
    return zoom === null
      ? { from: least, to: last, log: logX }
      : { from: Math.max(least, zoom[0]), to: Math.max(zoom[1], least + 1), log: logX };
  }, [steps, zoom, logX]);
  const dashed = series.some((one) => one.dashed);
  return (
    <Box role="group" aria-label={title} miw={0}>
      <Group justify="space-between" mb={4} wrap="nowrap">
        <Text size="sm" fw={500}>
          {title}
        </Text>
        {dashed && (
          <Text size="xs" c="dimmed">
            solid: training, dashed: validation
          </Text>
        )}
      </Group>
      {rows.length === 0 ? (
        <Text size="sm" c="dimmed" h={CHART_HEIGHT} pt="xl" ta="center">
          No values yet
        </Text>
      ) : (
        <Box pos="relative">
          <LineChart
            h={CHART_HEIGHT}
            data={rows}
            dataKey="step"
            series={series.map((one) => ({
              name: one.id,
              label: one.label,
              color: one.color,
              ...(one.dashed ? { strokeDasharray: '5 4' } : {}),
            }))}
            curveType="linear"
            strokeWidth={1.5}
            withDots={rows.length === 1}
            withTooltip={false}
            connectNulls
            gridAxis="x"
            valueFormatter={format}
            lineProps={lineProps}
            xAxisProps={{
              type: 'number',
              scale: logX ? 'log' : 'linear',
              domain: [axis.from, axis.to],
              allowDataOverflow: true,
              tickFormatter: formatStep,
              ...(logX ? { ticks: logTicks(axis), interval: 0 } : {}),
            }}
            yAxisProps={{
              scale: logY ? 'log' : 'linear',
              domain: [props.fromZero && !logY ? 0 : 'auto', 'auto'],
              allowDataOverflow: false,
              width: 64,
            }}
            lineChartProps={{ accessibilityLayer: false }}
          >
            <Measure onArea={setArea} />
          </LineChart>
          {area !== null && (
            <ChartOverlay
              label={`${title}: step to read`}
              area={area}
              axis={axis}
              steps={steps}
              pointer={pointer}
              onZoom={onZoom}
            />
          )}
        </Box>
      )}
    </Box>
  );
});

/** Says where in the chart the curves are; only the chart itself knows, once it has its size. */
function Measure({ onArea }: { readonly onArea: (area: PlotArea) => void }) {
  const area = usePlotArea();
  const { x, y, width, height } = area ?? { x: 0, y: 0, width: 0, height: 0 };
  useEffect(() => {
    if (width > 0) onArea({ x, y, width, height });
  }, [onArea, x, y, width, height]);
  return null;
}
