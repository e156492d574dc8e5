import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import { type StepAxis, shareOf, stepAt } from './axis.ts';
import { type ChartPointer, usePointedStep } from './pointer.ts';

/** The part of a chart that curves are drawn in, CSS pixels from the chart's corner. */
export interface PlotArea {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Lies over a chart and takes the pointer: hover to read, drag to zoom, double-click to see all. With the
 * keyboard: arrows read step by step, Escape shows all.
 */
export function ChartOverlay(props: {
  readonly label: string;
  readonly area: PlotArea;
  readonly axis: StepAxis;
  /** Steps that have figures, ascending: the pointer reads the nearest. */
  readonly steps: readonly number[];
  readonly pointer: ChartPointer;
  readonly onZoom: (zoom: readonly [number, number] | null) => void;
}) {
  const { area, axis, steps, pointer } = props;
  const pointed = usePointedStep(pointer);
  const [drag, setDrag] = useState<readonly [number, number] | null>(null);
  const under = (event: PointerEvent<HTMLElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return stepAt(axis, (event.clientX - box.left) / Math.max(1, box.width));
  };
  const finish = (): void => {
    if (drag !== null && Math.abs(shareOf(axis, drag[0]) - shareOf(axis, drag[1])) > 0.01)
      props.onZoom([Math.min(...drag), Math.max(...drag)]);
    setDrag(null);
  };
  const key = (event: KeyboardEvent): void => {
    const here = pointed === null ? steps.length - 1 : steps.indexOf(nearest(steps, pointed) ?? 0);
    const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: steps.length - 1 }[event.key];
    if (event.key === 'Escape') props.onZoom(null);
    if (to === undefined) return;
    event.preventDefault();
    pointer.point(steps[Math.min(steps.length - 1, Math.max(0, to))] ?? null);
  };
  const at = pointed === null ? -1 : shareOf(axis, pointed);
  const dragged = drag?.map((step) => shareOf(axis, step));
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={props.label}
      aria-valuemin={axis.from}
      aria-valuemax={axis.to}
      aria-valuenow={pointed ?? axis.to}
      aria-valuetext={`step ${Math.round(pointed ?? axis.to)}`}
      onKeyDown={key}
      onBlur={() => pointer.point(null)}
      style={{
        position: 'absolute',
        left: area.x,
        top: area.y,
        width: area.width,
        height: area.height,
        cursor: 'crosshair',
        // A finger that moves up or down scrolls the page; one that moves sideways reads.
        touchAction: 'pan-y',
        userSelect: 'none',
      }}
      onPointerDown={(event) => {
        if (event.pointerType === 'mouse' && event.button === 0) {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag([under(event), under(event)]);
        }
      }}
      onPointerMove={(event) => {
        const step = under(event);
        pointer.point(nearest(steps, step));
        if (drag !== null) setDrag([drag[0], step]);
      }}
      onPointerUp={finish}
      onPointerCancel={() => setDrag(null)}
      onPointerLeave={() => pointer.point(null)}
      onDoubleClick={() => props.onZoom(null)}
    >
      {at >= 0 && at <= 1 && (
        <div
          style={{
            position: 'absolute',
            inset: 0,
            width: 1,
            transform: `translateX(${at * area.width}px)`,
            background: 'var(--mantine-color-dimmed)',
          }}
        />
      )}
      {dragged?.[0] !== undefined && dragged[1] !== undefined && (
        <div
          style={{
            position: 'absolute',
            top: 0,
            bottom: 0,
            left: `${Math.min(dragged[0], dragged[1]) * 100}%`,
            width: `${Math.abs(dragged[0] - dragged[1]) * 100}%`,
            background: 'var(--mantine-primary-color-filled)',
            opacity: 0.15,
          }}
        />
      )}
    </div>
  );
}

function nearest(steps: readonly number[], step: number): number | null {
  let low = 0;
  let high = steps.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle] ?? 0) < step) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [steps[low - 1], steps[low]];
  if (before === undefined || after === undefined) return after ?? before ?? null;
  return step - before < after - step ? before : after;
}
