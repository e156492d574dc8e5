import type { KernelKind } from '../../../engine/training/kernel-kinds.ts';
import { KIND_COLORS, variableOf } from './colors.ts';
import { type Lanes, type Span, ticksOf, type Window } from './lanes.ts';

export const LANE = 18;
export const AXIS = 18;

export interface Drawing {
  readonly lanes: Lanes;
  readonly window: Window;
  readonly chosen: Span | null;
  /** CSS pixels; `gutter` is where the names of the lanes stand. */
  readonly width: number;
  readonly height: number;
  readonly gutter: number;
}

export function heightOf(lanes: Lanes): number {
  return AXIS + lanes.names.length * LANE;
}

/** Where a time lies, CSS pixels from the left. */
export function xOf({ window: [from, to], width, gutter }: Omit<Drawing, 'chosen'>, time: number): number {
  return gutter + ((time - from) / Math.max(to - from, 1e-9)) * (width - gutter);
}

/** Draws all of it: some hundred rectangles take less than a millisecond, so nothing is kept from before. */
export function draw(canvas: HTMLCanvasElement, drawing: Drawing): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const { lanes, window, chosen, width, height, gutter } = drawing;
  const scale = globalThis.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const style = getComputedStyle(canvas);
  const color = (variable: string): string => style.getPropertyValue(variable).trim();
  const [text, faint, line] = [
    color('--mantine-color-text'),
    color('--mantine-color-dimmed'),
    color('--mantine-color-default-border'),
  ];
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = `11px ${style.fontFamily}`;
  context.textBaseline = 'middle';

  // Times, with a line through all lanes.
  for (const tick of ticksOf(window)) {
    const x = xOf(drawing, tick);
    context.fillStyle = line;
    context.fillRect(Math.round(x), AXIS, 1, height - AXIS);
    const label = `${tick} ms`;
    const room = context.measureText(label).width;
    context.fillStyle = faint;
    context.fillText(label, Math.min(Math.max(gutter, x - room / 2), width - room), AXIS / 2);
  }
  for (const [i, name] of lanes.names.entries()) {
    const y = AXIS + i * LANE;
    context.fillStyle = line;
    context.fillRect(0, y, width, 1);
    context.fillStyle = faint;
    context.fillText(name, 0, y + LANE / 2 + 1, gutter - 8);
  }

  const fills = new Map<KernelKind, string>();
  const fillOf = (kind: KernelKind): string => {
    const known = fills.get(kind) ?? color(variableOf(KIND_COLORS[kind]));
    fills.set(kind, known);
    return known;
  };
  context.save();
  context.beginPath();
  context.rect(gutter, 0, width - gutter, height);
  context.clip();
  for (const span of lanes.spans) {
    if (span.to < window[0] || span.from > window[1]) continue;
    const [x, end] = [xOf(drawing, span.from), xOf(drawing, span.to)];
    context.fillStyle = fillOf(span.kind);
    // A sliver stays visible; a gap between neighbours shows where they meet.
    context.fillRect(x, AXIS + span.lane * LANE + 3, Math.max(1, end - x - (end - x > 3 ? 1 : 0)), LANE - 5);
  }
  if (chosen) {
    const [x, end] = [xOf(drawing, chosen.from), xOf(drawing, chosen.to)];
    context.strokeStyle = text;
    context.lineWidth = 1.5;
    context.strokeRect(x - 1, AXIS + chosen.lane * LANE + 2, Math.max(3, end - x + 1), LANE - 3);
  }
  context.restore();
}
