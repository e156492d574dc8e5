import '@mantine/charts/styles.css';
import { LineChart } from '@mantine/charts';
import { Box, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { ReferenceArea, ReferenceLine } from 'recharts';
import { type Series, toRows, within } from './series.ts';

export interface MetricChartProps {
  readonly title: string;
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** First and last step shown; null: all. */
  readonly zoom: readonly [number, number] | null;
  readonly onZoom: (zoom: readonly [number, number] | null) => void;
  /** The step under the pointer in any of the charts that belong together. */
  readonly hovered: number | null;
  readonly onHover: (step: number | null) => void;
  readonly height?: number;
}

/** More points than this are not visible on a chart of this width, and cost time on the main thread. */
const POINTS = 400;

/** A chart over training steps: drag to zoom, double-click to see all, hover to read. */
export function MetricChart(props: MetricChartProps) {
  const { title, series, zoom, logX = false, logY = false, format, height = 200 } = props;
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number } | null>(null);
  const rows = useMemo(() => {
    const shown = zoom === null ? series : series.map((one) => within(one, zoom[0], zoom[1]));
    const all = toRows(shown, POINTS, logY);
    return logX ? all.filter((row) => row.step > 0) : all;
  }, [series, zoom, logX, logY]);
  const last = rows.at(-1)?.step ?? 1;
  const domain: [number, number] = zoom === null ? [logX ? 1 : 0, Math.max(last, 1)] : [zoom[0], zoom[1]];

  const finish = () => {
    if (drag !== null && drag.from !== drag.to)
      props.onZoom([Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)]);
    setDrag(null);
  };
  return (
    <Box role="group" aria-label={title}>
      <Text size="sm" fw={500} mb={4}>
        {title}
      </Text>
      {rows.length === 0 ? (
        <Text size="sm" c="dimmed" h={height} pt="xl" ta="center">
          No values yet
        </Text>
      ) : (
        <LineChart
          h={height}
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
          gridAxis="xy"
          valueFormatter={format}
          lineProps={{ isAnimationActive: false }}
          xAxisProps={{
            type: 'number',
            scale: logX ? 'log' : 'linear',
            domain,
            allowDataOverflow: true,
            tickFormatter: (step: number) => Math.round(step).toLocaleString('en'),
          }}
          yAxisProps={{
            scale: logY ? 'log' : 'linear',
            domain: ['auto', 'auto'],
            allowDataOverflow: false,
            width: 64,
          }}
          lineChartProps={{
            onMouseDown: (event) => {
              const step = Number(event.activeLabel);
              if (Number.isFinite(step)) setDrag({ from: step, to: step });
            },
            onMouseMove: (event) => {
              const step = Number(event.activeLabel);
              if (!Number.isFinite(step)) return;
              props.onHover(step);
              if (drag !== null) setDrag({ from: drag.from, to: step });
            },
            onMouseUp: finish,
            onMouseLeave: () => {
              finish();
              props.onHover(null);
            },
            onDoubleClick: () => props.onZoom(null),
          }}
        >
          {props.hovered !== null && (
            <ReferenceLine
              x={props.hovered}
              stroke="var(--mantine-color-dimmed)"
              strokeDasharray="2 3"
              ifOverflow="hidden"
            />
          )}
          {drag !== null && drag.from !== drag.to && (
            <ReferenceArea
              x1={drag.from}
              x2={drag.to}
              fill="var(--mantine-primary-color-filled)"
              fillOpacity={0.12}
            />
          )}
        </LineChart>
      )}
    </Box>
  );
}
