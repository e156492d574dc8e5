import type { Migration } from './migration.ts';

/**
 * What is said about a text is a document itself. Here is what does not belong into one: the texts of versions,
 * which are large and seldom read, and who has not yet read that he was mentioned. Both hang on the text's
 * document, so that they follow it when it is renamed and go when it goes.
 */
export const review: Migration = ({ bytes, integer, strict }) => `
  create table versions (
    id text primary key,
    document ${integer} not null references documents(id) on delete cascade,
    state ${bytes} not null,
    artifacts text not null
  ) ${strict};
  create index versions_of_document on versions (document);
  create table mentions (
    comment_id text not null,
    person text not null,
    document ${integer} not null references documents(id) on delete cascade,
    thread text not null,
    by_name text not null,
    created ${integer} not null,
    primary key (comment_id, person)
  ) ${strict};
  create index mentions_of_person on mentions (person, document);
`;
