import { Slot } from './slots.tsx';

/** One line: what computes, who we are connected to, where things are kept, what runs now. */
export function StatusBar() {
  return (
    <section className="status-bar" aria-label="Status">
      <Slot name="status:connection" />
      <Slot name="status:storage" />
      <Slot name="status:device" />
      <span className="status-gap" />
      <Slot name="status:job" />
      <Slot name="status:cursor" />
    </section>
  );
}
