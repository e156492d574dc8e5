import type { DeviceInfo } from '../../engine/device.ts';
import type { TrainingSpec } from '../../engine/training/spec.ts';
import type { Config } from '../config/schema.ts';

/** What pre-flight says of a config. Positions are 0-based and count UTF-16 units, as editors do. */

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export interface TextEdit {
  readonly range: Range;
  readonly newText: string;
}

export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
}

export type Severity = 'error' | 'warning' | 'info';

export interface Diagnostic {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly range: Range;
  readonly fixes: readonly Fix[];
  /** The chain of reasoning, outermost first; empty where the message says it all. */
  readonly because: readonly string[];
}

/** Unknowns are null. Sizes in bytes, times in seconds. */
export interface Estimate {
  readonly parameters: number | null;
  readonly bytes: {
    readonly weights: number | null;
    readonly gradients: number | null;
    readonly optimizer: number | null;
    readonly activations: number | null;
    readonly logits: number | null;
    readonly total: number | null;
  };
  readonly flops_per_step: number | null;
  readonly tokens_per_step: number | null;
  readonly seconds: number | null;
}

/** An estimate shown in the editor at the end of the line that it belongs to. */
export interface Annotation {
  readonly line: number;
  readonly text: string;
  readonly tooltip: string;
}

/** What is known of the data; nothing of it is read by pre-flight itself. */
export interface DataProfile {
  readonly source: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly characters: number;
  /** Different characters in the text: the vocabulary of a char tokenizer. */
  readonly distinct_characters: number;
  /** For the tokenizer that the config asks for, once it has been made; null until then. */
  readonly tokenizer: {
    /** `tokenizerKey` of the config's tokenizer section, so that a stale one is noticed. */
    readonly key: string;
    readonly vocab_size: number;
    readonly train_tokens: number;
    readonly validation_tokens: number;
  } | null;
}

/** What was last measured on this device. */
export interface Timings {
  readonly device: string;
  /** Of training steps, by the plan's own FLOPs. */
  readonly flops_per_second: number;
}

/** What pre-flight knows besides the text; null is unknown. */
export interface Profiles {
  readonly device: DeviceInfo | null;
  readonly data: DataProfile | null;
  readonly timings: Timings | null;
  /** Files of the project that data.source may name. */
  readonly sources: readonly string[] | null;
}

/** All that pre-flight says of a text. */
export interface PreflightReport {
  /** Everything that is wrong or worth knowing, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
  readonly estimate: Estimate;
  readonly annotations: readonly Annotation[];
  /** False while the text is not YAML: the figures are then of what could be read. */
  readonly readable: boolean;
  /** Null where any field is wrong. */
  readonly config: Config | null;
  /** What would train; null where anything stands in the way or is not known yet. */
  readonly spec: TrainingSpec | null;
}

export const NO_PROFILES: Profiles = { device: null, data: null, timings: null, sources: null };
