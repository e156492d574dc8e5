import fc from 'fast-check';

/** Printed by fast-check with every failure; fixed, so that a run can be had again. */
export const SEED = 20_240_607;

/** What trips tokenizers up, each as a piece to be strung together with others. */
const pieces = [
  ...['Once', ' upon', ' a', ' time', "'s", "'ll", " don't", "'", " '", '3.14', ' 1234', '!?', ' ...'],
  ...[
    ' ',
    '  ',
    '\n',
    '\n\n',
    '\r\n',
    '\t',
    '\u000b',
    '\f',
    '\u0085',
    '\u00a0',
    '\u1680',
    '\u2003',
    '\u2028',
  ],
  ...[
    '\u2029',
    '\u202f',
    '\u3000',
    '\ufeff',
    '\u180e',
    '\u200b',
    '\u200c',
    '\u200d',
    '\u0000',
    '\u001b',
    '\u007f',
  ],
  ...['😀', '👩‍👩‍👧‍👦', '🏳️‍🌈', '🇩🇪', '👍🏽', '日本語', '中文', '한국어', 'かな', 'العربية', 'हिन्दी', 'ไทย'],
  ...[
    'e\u0301',
    'é',
    'a\u0300\u0301\u0302',
    '\u0301',
    'ﬁ',
    'Ⅷ',
    '½',
    '٣',
    '𝟘',
    '𝔘',
    '\ufffd',
    '\ufffe',
    '\u{10ffff}',
  ],
  ...['<|endoftext|>', '<|endoftext|', '<|<|endoftext|>|>', '__proto__', '"\\', 'constructor'],
];

/** Any Unicode text without unpaired surrogates. */
export const unicodeText = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 40 })
  .map((parts) => parts.join(''));

/** Any JavaScript string: unpaired surrogates too. */
export const anyString = fc
  .array(fc.oneof(unicodeText, fc.constantFrom('\ud800', '\udfff', '\ude00\ud83d')), { maxLength: 5 })
  .map((parts) => parts.join(''));
