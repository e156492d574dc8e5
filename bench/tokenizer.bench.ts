import { Tokenizer as Package } from '@huggingface/tokenizers';
import { sharedText } from '../e2e/shared-data.ts';
import { generateStories } from '../src/domain/data/stories/corpus.ts';
import { trainBpe } from '../src/engine/tokenizers/bpe-trainer.ts';
import { charTokenizer } from '../src/engine/tokenizers/char.ts';
import { loadTokenizer } from '../src/engine/tokenizers/load.ts';
import { quantile } from './quantile.ts';
import { type BenchReport, bar, machine } from './report.ts';

const ROUNDS = 5;

/** Encoding side by side with the npm package on the same file, alternating; and training, per vocabulary. */
export async function run(): Promise<BenchReport> {
  const texts = [{ text: 'stories', body: await generateStories() }];
  const shakespeare = sharedText('tinyshakespeare.txt');
  if (shakespeare !== null) texts.push({ text: 'tinyshakespeare', body: shakespeare });

  const results: Record<string, unknown>[] = [];
  const ratios: number[] = [];
  const trainings: number[] = [];
  const characters: number[] = [];
  for (const { text, body } of texts) {
    const megabytes = new TextEncoder().encode(body).length / 1e6;
    for (const vocab_size of [512, 8192]) {
      const start = performance.now();
      const json = (await trainBpe({ text: body, vocabSize: vocab_size })).toJSON();
      const train_ms = performance.now() - start;
      const ours: number[] = [];
      const theirs: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        // Fresh ones each round: neither has seen the text.
        const own = await loadTokenizer(json);
        const other = new Package(JSON.parse(json), {});
        ours.push(timed(() => own.encode(body)));
        theirs.push(timed(() => other.encode(body)));
      }
      const encode_ms = quantile(ours, 0.5);
      const package_ms = quantile(theirs, 0.5);
      trainings.push(train_ms / megabytes);
      ratios.push(package_ms / encode_ms);
      results.push({
        text,
        vocab_size,
        train_ms,
        encode_ms,
        package_ms,
        times_faster: package_ms / encode_ms,
        megabytes_per_second: (megabytes * 1000) / encode_ms,
      });
    }
    const char = charTokenizer(body);
    const encode_ms = quantile(
      Array.from({ length: ROUNDS }, () => timed(() => char.encode(body))),
      0.5,
    );
    characters.push(encode_ms / megabytes);
    results.push({
      text,
      tokenizer: 'char',
      encode_ms,
      megabytes_per_second: (megabytes * 1000) / encode_ms,
    });
  }
  return {
    name: 'tokenizer',
    machine: machine(),
    results,
    bars: [
      bar('BPE encoding, times the speed of @huggingface/tokenizers', Math.min(...ratios), '>=', 4),
      bar('BPE training, ms per megabyte', Math.max(...trainings), '<=', 3000),
      bar('character encoding, ms per megabyte', Math.max(...characters), '<=', 50),
    ],
  };
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
