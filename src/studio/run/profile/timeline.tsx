import { Box, Button, ColorSwatch, Group, Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { KernelKind } from '../../../engine/training/kernel-kinds.ts';
import { milliseconds } from '../../../engine/training/profile-text.ts';
import type { RecordedStep } from '../../../engine/training/recorded-step.ts';
import { KIND_COLORS, variableOf } from './colors.ts';
import { AXIS, draw, heightOf, LANE } from './draw.ts';
import { KernelFacts } from './kernel-facts.tsx';
import { lanesOf, type Span, spanAt, type Window, zoomed } from './lanes.ts';

/** Further from the pointer than this a kernel is not meant, CSS pixels. */
const NEAR = 6;

/**
 * When each kernel ran. Hover or tap to read, drag or turn the wheel with Ctrl to zoom, double-click to see
 * all; with the keyboard: arrows go from kernel to kernel, + and - zoom, Escape shows all.
 */
export function Timeline({ recorded }: { readonly recorded: RecordedStep }) {
  const lanes = useMemo(() => lanesOf(recorded.kernels), [recorded]);
  const kinds = useMemo(() => {
    const there = new Set(lanes.spans.map(({ kind }) => kind));
    return Object.entries(KIND_COLORS).filter(([kind]) => there.has(kind as KernelKind));
  }, [lanes]);
  const total = recorded.total_ms;
  const [window, setWindow] = useState<Window>([0, total]);
  const [chosen, setChosen] = useState<Span | null>(null);
  const [drag, setDrag] = useState<readonly [number, number] | null>(null);
  const { ref, width } = useElementSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme();
  const height = heightOf(lanes);
  const gutter = width < 500 ? 56 : 96;

  useEffect(() => {
    void scheme; // the colours are read from the page
    if (canvas.current !== null && width > 0)
      draw(canvas.current, { lanes, window, chosen, width, height, gutter });
  }, [lanes, window, chosen, width, height, gutter, scheme]);

  // React's own wheel listeners are passive: the page would scroll or zoom as well.
  useEffect(() => {
    const node = canvas.current;
    const turn = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
      setWindow((now) => {
        const share = (event.clientX - box.left - gutter) / Math.max(1, box.width - gutter);
        const at = now[0] + Math.min(1, Math.max(0, share)) * (now[1] - now[0]);
        return zoomed(now, at, event.deltaY > 0 ? 1.25 : 0.8, total);
      });
    };
    node?.addEventListener('wheel', turn, { passive: false });
    return () => node?.removeEventListener('wheel', turn);
  }, [gutter, total]);

  const under = (event: PointerEvent<HTMLElement>): { readonly time: number; readonly lane: number } => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left - gutter) / Math.max(1, box.width - gutter);
    return {
      time: window[0] + Math.min(1, Math.max(0, share)) * (window[1] - window[0]),
      lane: Math.floor((event.clientY - box.top - AXIS) / LANE),
    };
  };
  const perPixel = (window[1] - window[0]) / Math.max(1, width - gutter);
  const finish = (): void => {
    if (drag !== null && Math.abs(drag[0] - drag[1]) > 8 * perPixel)
      setWindow([Math.min(...drag), Math.max(...drag)]);
    setDrag(null);
  };
  const key = (event: KeyboardEvent): void => {
    const here = chosen === null ? -1 : lanes.spans.indexOf(chosen);
    const last = lanes.spans.length - 1;
    const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: last }[event.key];
    const middle = chosen === null ? (window[0] + window[1]) / 2 : (chosen.from + chosen.to) / 2;
    if (event.key === 'Escape') setWindow([0, total]);
    else if (event.key === '+') setWindow(zoomed(window, middle, 0.5, total));
    else if (event.key === '-') setWindow(zoomed(window, middle, 2, total));
    else if (to !== undefined) setChosen(lanes.spans[Math.min(last, Math.max(0, to))] ?? null);
    else return;
    event.preventDefault();
  };
  const kernel = chosen === null ? null : (recorded.kernels[chosen.index] ?? null);
  const all = window[0] <= 0 && window[1] >= total;
  return (
    <Box>
      <Group gap="sm" mb={6} justify="space-between">
        <Group gap="sm" style={{ rowGap: 2 }}>
          {kinds.map(([kind, color]) => (
            <Group gap={4} key={kind} wrap="nowrap">
              <ColorSwatch size={9} color={`var(${variableOf(color)})`} withShadow={false} />
              <Text size="xs">{kind}</Text>
            </Group>
          ))}
        </Group>
        {all ? (
          <Text size="xs" c="dimmed" visibleFrom="sm">
            Drag over the timeline to zoom
          </Text>
        ) : (
          <Button size="compact-xs" variant="light" onClick={() => setWindow([0, total])}>
            {milliseconds(window[0])} to {milliseconds(window[1])} ms: show all
          </Button>
        )}
      </Group>
      <Box ref={ref} mah={420} style={{ overflowY: 'auto' }}>
        <Box pos="relative" h={height}>
          <canvas
            ref={canvas}
            role="slider"
            tabIndex={0}
            aria-label="Timeline of the step: kernel to read"
            aria-valuemin={0}
            aria-valuemax={Math.max(0, recorded.kernels.length - 1)}
            aria-valuenow={chosen?.index ?? 0}
            aria-valuetext={
              kernel === null
                ? 'no kernel'
                : `${kernel.kernel} ${kernel.scope}, ${milliseconds(kernel.ms)} ms`
            }
            style={{ width: '100%', height, display: 'block', cursor: 'crosshair', touchAction: 'pan-y' }}
            onKeyDown={key}
            onPointerDown={(event) => {
              const { time } = under(event);
              if (event.pointerType === 'mouse' && event.button === 0) {
                event.currentTarget.setPointerCapture(event.pointerId);
                setDrag([time, time]);
              }
            }}
            onPointerMove={(event) => {
              const { time, lane } = under(event);
              if (drag !== null) return setDrag([drag[0], time]);
              const span = spanAt(lanes, lane, time, NEAR * perPixel);
              if (span !== null) setChosen(span);
            }}
            onPointerUp={finish}
            onPointerCancel={() => setDrag(null)}
            onDoubleClick={() => setWindow([0, total])}
          />
          {drag !== null && (
            <Box
              pos="absolute"
              top={AXIS}
              bottom={0}
              left={gutter + (Math.min(...drag) - window[0]) / perPixel}
              w={Math.abs(drag[0] - drag[1]) / perPixel}
              bg="var(--mantine-primary-color-filled)"
              opacity={0.15}
              style={{ pointerEvents: 'none' }}
            />
          )}
        </Box>
      </Box>
      <KernelFacts kernel={kernel} ceilings={recorded.ceilings} />
    </Box>
  );
}
