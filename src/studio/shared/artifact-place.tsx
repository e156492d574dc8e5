import { Tooltip } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCloud,
  IconCloudDownload,
  IconCloudUp,
  IconDeviceLaptop,
  IconHelpCircle,
} from '@tabler/icons-react';
import { useSyncExternalStore } from 'react';
import type { SyncState } from '../../services/artifacts/state.ts';
import { useServices } from '../app/services.ts';
import { type PlaceWords, placeWords } from './place-words.ts';

const icons: Readonly<Record<PlaceWords['place'], typeof IconCloud>> = {
  both: IconCircleCheck,
  here: IconDeviceLaptop,
  server: IconCloud,
  nowhere: IconCloudDownload,
  unknown: IconHelpCircle,
  moving: IconCloudUp,
  stuck: IconAlertTriangle,
};

const tones: Readonly<Record<PlaceWords['place'], string>> = {
  both: 'tone-good',
  here: 'tone-away',
  server: '',
  nowhere: 'tone-away',
  unknown: '',
  moving: 'tone-busy',
  stuck: 'tone-bad',
};

export function useSyncState(): SyncState {
  const { artifactSync } = useServices();
  return useSyncExternalStore(artifactSync.subscribe, artifactSync.state);
}

/** A sign that says whether an artifact is here, on the server, or on its way. */
export function ArtifactPlace({ sha256 }: { readonly sha256: string }) {
  const { artifacts, online } = useSyncState();
  const words = placeWords(artifacts.get(sha256), online);
  const Icon = icons[words.place];
  return (
    <Tooltip label={words.long} multiline maw={320}>
      <Icon size={14} className={tones[words.place]} role="img" aria-label={words.short} />
    </Tooltip>
  );
}

/** The same in words, where it is not in both places: a sign alone says little to whoever cannot point at it. */
export function ArtifactPlaceWords({ sha256 }: { readonly sha256: string }) {
  const { artifacts, online } = useSyncState();
  const state = artifacts.get(sha256);
  if (state === undefined || state.here === null) return null;
  const { place, short } = placeWords(state, online);
  return place === 'both' ? null : ` · ${short}`;
}
