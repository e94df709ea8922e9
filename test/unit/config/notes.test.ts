import { expect, test } from '@jest/globals';
import { notesOn } from '../../../src/config/notes.ts';
import { configOf, SECRET } from './_load.ts';

test.each<[session: string, notes: readonly string[]]>([
  ['store: cookie', ['session.store is cookie']],
  ['store: memory', ['session.store is memory']],
  ['store: redis, redis: { url: "redis://127.0.0.1:6379" }', []],
  ['store: redis, redis: { url: "redis://localhost" }', []],
  ['store: redis, redis: { url: "redis://[::1]" }', []],
  ['store: redis, redis: { url: "rediss://redis.internal" }', []],
  ['store: redis, redis: { url: "redis://redis.internal" }', ['session.redis.url is redis://']],
  // Where the primary is, the sentinels say.
  [
    'store: redis, redis: { url: "redis://localhost", sentinel: { nodes: ["127.0.0.1:26379"] } }',
    ['session.redis.url is redis://'],
  ],
])('%s', (session, notes) => {
  const text = `provider: { issuer: "https://id.example.com/", clientId: shop }\nsession: { secret: "${SECRET}", ${session} }\n`;
  const { config } = configOf({ files: { '/app/postern.yaml': text } });
  expect(notesOn(config).map((note) => note.slice(0, note.search(/,|: s/)))).toEqual(notes);
});
