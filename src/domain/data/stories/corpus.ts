import { Random } from '../../../base/random.ts';
import { writeStory } from './story.ts';

export const DEFAULT_STORIES_SEED = 1;
export const DEFAULT_STORIES_CHARACTERS = 1_200_000;

export interface StoriesRequest {
  readonly seed?: number;
  /** At least so many are written, ending with a whole story. The text is ASCII: characters are bytes. */
  readonly characters?: number;
  /** From 0 to 1. */
  readonly onProgress?: (done: number) => void;
  /** Awaited now and then, so that a worker can take up messages; may throw to end the work. */
  readonly pause?: () => Promise<void>;
}

const STORIES_BETWEEN_PAUSES = 100;

/** The built-in corpus: stories divided by an empty line. Same seed and length, same text. */
export async function generateStories({
  seed = DEFAULT_STORIES_SEED,
  characters = DEFAULT_STORIES_CHARACTERS,
  onProgress,
  pause,
}: StoriesRequest = {}): Promise<string> {
  const random = new Random(seed);
  const stories: string[] = [];
  let length = 0;
  while (length < characters) {
    const story = `${writeStory(random)}\n\n`;
    stories.push(story);
    length += story.length;
    if (stories.length % STORIES_BETWEEN_PAUSES === 0) {
      onProgress?.(Math.min(1, length / characters));
      await pause?.();
    }
  }
  onProgress?.(1);
  return stories.join('');
}
