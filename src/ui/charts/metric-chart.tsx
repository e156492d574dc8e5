import { Box, Group, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { memo, useMemo } from 'react';
import { ChartOverlay } from './chart-overlay.tsx';
import { type Plot, plotOf } from './plot.ts';
import type { ChartPointer } from './pointer.ts';
import type { Series } from './series.ts';

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

/** More points than this are not visible on a chart of this width. */
const POINTS = 240;

export const CHART_HEIGHT = 200;
/** Around the curves, CSS pixels: for the values at the left, for the steps below. */
const [LEFT, RIGHT, TOP, BELOW] = [64, 8, 8, 24];

const NUMBERS = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/**
 * A chart over training steps, drawn by ourselves: a path a curve takes a fraction of a millisecond, and a
 * run draws six charts every other second beside what else the page does. Reading and zooming are the
 * overlay's: no movement of the pointer draws a curve.
 */
export const MetricChart = memo(function MetricChart(props: MetricChartProps) {
  const { title, series, zoom, logX, logY, fromZero, format, pointer, onZoom } = props;
  const { ref, width } = useElementSize<HTMLDivElement>();
  const plot = useMemo(
    () =>
      plotOf({
        series,
        zoom,
        logX,
        logY,
        fromZero,
        limit: POINTS,
        area: {
          x: LEFT,
          y: TOP,
          width: Math.max(1, width - LEFT - RIGHT),
          height: CHART_HEIGHT - TOP - BELOW,
        },
      }),
    [series, zoom, logX, logY, fromZero, width],
  );
  return (
    <Box role="group" aria-label={title} miw={0}>
      <Group justify="space-between" mb={4} wrap="nowrap">
        <Text size="sm" fw={500}>
          {title}
        </Text>
        {series.some((one) => one.dashed) && (
          <Text size="xs" c="dimmed">
            solid: training, dashed: validation
          </Text>
        )}
      </Group>
      <Box ref={ref} pos="relative" h={CHART_HEIGHT}>
        {plot.steps.length === 0 ? (
          <Text size="sm" c="dimmed" pt="xl" ta="center">
            No values yet
          </Text>
        ) : (
          width > 0 && (
            <>
              <Drawing plot={plot} width={width} format={format} />
              <ChartOverlay
                label={`${title}: step to read`}
                area={plot.area}
                axis={plot.axis}
                steps={plot.steps}
                pointer={pointer}
                onZoom={onZoom}
              />
            </>
          )
        )}
      </Box>
    </Box>
  );
});

function Drawing({
  plot: { area, curves, xTicks, yTicks },
  width,
  format,
}: {
  readonly plot: Plot;
  readonly width: number;
  readonly format: (value: number) => string;
}) {
  const bottom = area.y + area.height;
  return (
    <svg width={width} height={CHART_HEIGHT} aria-hidden style={{ display: 'block', fontSize: 12 }}>
      <g stroke="var(--mantine-color-default-border)" strokeDasharray="4 4">
        {yTicks.map(({ value, y }) => (
          <line key={value} x1={area.x} x2={area.x + area.width} y1={y} y2={y} />
        ))}
      </g>
      <g fill="var(--mantine-color-dimmed)" textAnchor="end">
        {yTicks.map(({ value, y }) => (
          <text key={value} x={area.x - 10} y={y + 4}>
            {format(value)}
          </text>
        ))}
      </g>
      <g fill="var(--mantine-color-dimmed)" textAnchor="middle">
        {xTicks.map(({ step, x }) => (
          <text key={step} x={Math.min(x, width - 4 * NUMBERS.format(step).length)} y={bottom + 18}>
            {NUMBERS.format(step)}
          </text>
        ))}
      </g>
      <svg aria-hidden x={area.x} y={0} width={area.width} height={CHART_HEIGHT} overflow="hidden">
        <g transform={`translate(${-area.x} 0)`} fill="none" strokeLinejoin="round">
          {curves.map(({ id, color, dashed, path, dot }) => {
            const stroke = `var(--mantine-color-${color.replace('.', '-')})`;
            if (dot !== null) return <circle key={id} cx={dot[0]} cy={dot[1]} r={3} fill={stroke} />;
            // What is measured rarely lies over what is measured at each step, and has to be seen there.
            return dashed ? (
              <path key={id} d={path} stroke={stroke} strokeWidth={2.5} strokeDasharray="5 4" />
            ) : (
              <path key={id} d={path} stroke={stroke} strokeWidth={1.5} strokeOpacity={0.8} />
            );
          })}
        </g>
      </svg>
    </svg>
  );
}
