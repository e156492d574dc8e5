import { ArtifactStatus } from './artifact-status.tsx';
import { Slot } from './slots.tsx';
import { DeviceStatus, JobStatus, StorageStatus } from './status-items.tsx';

/** One line: who we are connected to, where things are kept, what computes, what runs now. */
export function StatusBar() {
  return (
    <section className="status-bar" aria-label="Status">
      <Slot name="status:connection" />
      <StorageStatus />
      <ArtifactStatus />
      <DeviceStatus />
      <span className="status-gap" />
      <Slot name="status:job" />
      <JobStatus />
    </section>
  );
}
