/**
 * Mentions in what people say: `@[Ada Lovelace](id)`, so that a name that two people have, or one that changes,
 * still leads to one person, and nobody has to know who there is to read it.
 */

export interface MentionedPerson {
  readonly id: string;
  readonly name: string;
}

export type SaidPart =
  | { readonly kind: 'text'; readonly text: string }
  | ({ readonly kind: 'mention' } & MentionedPerson);

const MENTION = /@\[([^[\]\n]{1,64})\]\(([\w.:-]{1,128})\)/g;

/** What was said, in order, with the mentions found in it. */
export function saidParts(text: string): readonly SaidPart[] {
  const parts: SaidPart[] = [];
  let at = 0;
  for (const match of text.matchAll(MENTION)) {
    const [whole, name = '', id = ''] = match;
    if (match.index > at) parts.push({ kind: 'text', text: text.slice(at, match.index) });
    parts.push({ kind: 'mention', id, name });
    at = match.index + whole.length;
  }
  if (at < text.length) parts.push({ kind: 'text', text: text.slice(at) });
  return parts;
}

/** Whoever is mentioned, each once. */
export function mentioned(text: string): readonly string[] {
  return [...new Set(saidParts(text).flatMap((part) => (part.kind === 'mention' ? [part.id] : [])))];
}

/** As people read it: `@Ada Lovelace`. */
export function saidPlainly(text: string): string {
  return saidParts(text)
    .map((part) => (part.kind === 'mention' ? `@${part.name}` : part.text))
    .join('');
}

/**
 * Makes mentions of the names of people that were typed behind an @. The longest name that fits counts, and
 * it ends where a word ends: with Ann and Anna there, `@Anna` is Anna.
 */
export function withMentions(typed: string, people: readonly MentionedPerson[]): string {
  const known = people
    .filter(({ id, name }) => /^[\w.:-]{1,128}$/.test(id) && /^[^[\]\n]{1,64}$/.test(name))
    .sort((a, b) => b.name.length - a.name.length);
  return saidParts(typed)
    .map((part) =>
      part.kind === 'mention' ? `@[${part.name}](${part.id})` : withNamesFound(part.text, known),
    )
    .join('');
}

function withNamesFound(text: string, known: readonly MentionedPerson[]): string {
  let result = '';
  let rest = text;
  for (let at = rest.indexOf('@'); at !== -1; at = rest.indexOf('@')) {
    const before = rest[at - 1];
    const after = rest.slice(at + 1);
    const person = isWordPart(before) ? undefined : known.find(({ name }) => startsWithName(after, name));
    result += rest.slice(0, at);
    result += person === undefined ? '@' : `@[${person.name}](${person.id})`;
    rest = person === undefined ? after : after.slice(person.name.length);
  }
  return result + rest;
}

function startsWithName(text: string, name: string): boolean {
  return text.slice(0, name.length).toLowerCase() === name.toLowerCase() && !isWordPart(text[name.length]);
}

function isWordPart(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}
