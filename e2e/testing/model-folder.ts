import { writeFolder } from '../../src/engine/formats/hugging-face-write.ts';
import { initialise } from '../../src/engine/models/initialise.ts';
import { countParameters, parameterSpecs } from '../../src/engine/models/parameters.ts';
import { gpt2Config } from '../../src/engine/models/testing/configs.ts';
import { charTokenizer } from '../../src/engine/tokenizers/char.ts';
import { VERSION } from '../../src/protocol/version.ts';

/** The files of a tiny model that has learnt nothing, by name: whole, until a test breaks one. */
export async function modelFolder(text: string): Promise<Map<string, Buffer>> {
  const tokenizer = charTokenizer(text);
  const model = gpt2Config({ vocab_size: tokenizer.vocab_size, n_positions: 16, n_embd: 16, n_layer: 1 });
  const specs = new Map(parameterSpecs(model).map((spec) => [spec.name, spec]));
  const files = await writeFolder({
    model,
    tokenizer,
    read: async (name) => {
      const spec = specs.get(name);
      if (spec === undefined) throw new Error(`The model has no ${name}.`);
      return initialise(spec, 7);
    },
    sampling: { prompt: 'Once', max_new_tokens: 20, temperature: 1, top_k: 0, top_p: 1, seed: 7, stop: [] },
    card: {
      name: 'tiny',
      parameters: countParameters(model),
      config: null,
      steps: 0,
      loss: null,
      val_loss: null,
      data: null,
      data_sha256: null,
      tokens_seen: null,
      device: null,
      seed: 7,
      program_version: VERSION,
      date: null,
      base_model: null,
      sample: null,
    },
  });
  return new Map([...files].map(([name, bytes]) => [name, Buffer.from(bytes)]));
}
