import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import { createPortal } from 'react-dom';

/** Places in the frame that the screen on show fills: it keeps its state, the frame lends the place. */
export type SlotName =
  | 'header'
  | 'status:device'
  | 'status:connection'
  | 'status:storage'
  | 'status:job'
  | 'status:cursor';

interface Slots {
  readonly elements: Partial<Record<SlotName, HTMLElement>>;
  attach(name: SlotName, element: HTMLElement | null): void;
}

const SlotContext = createContext<Slots | null>(null);

export function SlotProvider({ children }: { readonly children: ReactNode }) {
  const [elements, setElements] = useState<Partial<Record<SlotName, HTMLElement>>>({});
  const attach = useCallback((name: SlotName, element: HTMLElement | null) => {
    setElements((before) => {
      if (before[name] === (element ?? undefined)) return before;
      const after = { ...before };
      if (element === null) delete after[name];
      else after[name] = element;
      return after;
    });
  }, []);
  const value = useMemo(() => ({ elements, attach }), [elements, attach]);
  return <SlotContext value={value}>{children}</SlotContext>;
}

function useSlots(): Slots {
  const slots = useContext(SlotContext);
  if (slots === null) throw new Error('A slot is used outside of the frame.');
  return slots;
}

/** The place itself, in the frame. */
export function Slot({ name, className }: { readonly name: SlotName; readonly className?: string }) {
  const { attach } = useSlots();
  const ref = useCallback((element: HTMLElement | null) => attach(name, element), [attach, name]);
  return <div ref={ref} className={className} style={{ display: 'contents' }} data-slot={name} />;
}

/** Puts its children into a place of the frame while mounted. */
export function Fill({ slot, children }: { readonly slot: SlotName; readonly children: ReactNode }) {
  const { elements } = useSlots();
  const element = elements[slot];
  return element === undefined ? null : createPortal(children, element);
}
