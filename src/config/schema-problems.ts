import * as z from 'zod';
import { DURATION_FORM, durationWayOut } from '../document/duration.ts';
import { nearestWord } from '../document/nearest-word.ts';
import type { FindingOptions, Findings, Path } from './findings.ts';
import { type KeyFacts, pathText, unwrap } from './key.ts';
import { KEYS, schemaAt, variableOf } from './keys.ts';
import { CONFIG_SCHEMA } from './schema.ts';

type Issue = z.core.$ZodIssue;
type Words = readonly [message: string, wayOut: string, options?: FindingOptions];

/** Says one issue of the schema in our words, at its place, and marks the place as broken. Never quotes a secret. */
export function addSchemaProblem(issue: Issue, value: unknown, findings: Findings): void {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') {
    for (const name of issue.keys) findings.add([...path, name], ...unknownKey(path, name));
    return;
  }
  const [message, wayOut, options] = wordsOf(issue, path, value);
  findings.add(path, message, wayOut, options);
  findings.broken(path);
}

function wordsOf(issue: Issue, path: Path, value: unknown): Words {
  const place = schemaAt(path);
  const schema = place?.schema ?? CONFIG_SCHEMA;
  const facts = place?.facts;
  const name = `\`${pathText(path)}\``;
  if (path.length === 0)
    return [
      'The configuration is not a map of keys.',
      'write lines of the form `key: value`',
      { blind: true },
    ];
  if (issue.code === 'invalid_key')
    return [
      `${name} cannot be the name of a provider.`,
      'begin with a letter; then letters, digits, - and _',
      { on: 'key' },
    ];
  if (value === undefined) return missing(path, name);
  if (value === null) return [`${name} has no value.`, 'give it a value, or remove it'];
  if (schema instanceof z.ZodUnion)
    return facts?.form !== undefined && schema.options[0] instanceof z.ZodArray
      ? [`${name} must be ${facts.form}.`, `write for example \`${facts.example}\``]
      : secret(name, value);
  if (issue.code === 'invalid_value') return wrongValue(schema, path, value);
  if (issue.code === 'too_small' && (value === '' || Array.isArray(value)))
    return [`${name} is empty.`, 'give it a value, or remove it'];
  return wrongForm(schema, facts, path, value);
}

function missing(path: Path, name: string): Words {
  const [top = ''] = path;
  const variable =
    path.some((step) => typeof step === 'number') || top === 'providers'
      ? ''
      : `, or set \`${variableOf(path.map(String))}\``;
  // Its place is that of the map it should be in: a line that says nothing here.
  return [`${name} is missing.`, `add it${variable}`, { blind: true }];
}

function secret(name: string, value: unknown): Words {
  if (typeof value === 'number' || typeof value === 'boolean')
    return [`${name} must be text.`, 'put it in double quotes', { blind: true }];
  return [
    `${name} is no secret in a known form.`,
    'write text, { env: NAME }, { file: path } or { value: … }; in `clientSecrets` with `expires: 2027-01-01` by option',
    { on: 'key', blind: true },
  ];
}

function wrongValue(schema: z.core.$ZodType, path: Path, value: unknown): Words {
  const name = pathText(path.filter((step) => typeof step !== 'number'));
  const values =
    schema instanceof z.ZodEnum
      ? schema.options.map(String)
      : schema instanceof z.ZodLiteral
        ? [...schema.values].map(String)
        : [];
  const use = values.length === 1 ? `write \`${values[0]}\`` : `use one of ${values.join(', ')}`;
  if (typeof value !== 'string')
    return [`\`${name}\` must be ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}.`, use];
  // The nearest name of HS256 is RS256, but that is no slip of the pen.
  if (values.includes('RS256') && /^(?:none|hs[0-9]*)$/i.test(value))
    return [`\`${name}\` cannot be \`${value}\`: only asymmetric signatures prove who signed.`, use];
  const meant = nearestWord(value, values);
  return [
    `\`${name}\` cannot be \`${value.slice(0, 40)}\`.`,
    meant === undefined ? use : `did you mean \`${meant}\`? Otherwise ${use}`,
  ];
}

function wrongForm(schema: z.core.$ZodType, facts: KeyFacts | undefined, path: Path, value: unknown): Words {
  const form = typeof path.at(-1) === 'number' ? undefined : facts?.form;
  const [plain, wayOut] = plainForm(schema);
  const message = `\`${pathText(path)}\` must be ${form ?? plain}.`;
  if (form === DURATION_FORM) return [message, durationWayOut(value)];
  const scalar = typeof value === 'number' || typeof value === 'boolean';
  if (schema instanceof z.ZodString && scalar && (form === undefined || form === 'text'))
    return [message, 'put it in double quotes'];
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord)
    return [message, wayOut, { on: 'key', blind: true }];
  const example = form === undefined ? undefined : facts?.example;
  return [message, example === undefined ? wayOut : `write for example \`${example}\``];
}

function plainForm(schema: z.core.$ZodType): readonly [form: string, wayOut: string] {
  if (schema instanceof z.ZodString) return ['text', 'write text'];
  if (schema instanceof z.ZodBoolean) return ['true or false', 'write `true` or `false`'];
  if (schema instanceof z.ZodNumber) return ['a whole number', 'write a whole number'];
  if (schema instanceof z.ZodArray) return ['a list', 'put it in brackets: `[ … ]`'];
  return ['a map of keys', 'write its keys below it, indented'];
}

function unknownKey(above: Path, name: string): Words {
  const { inner } = unwrap(schemaAt(above)?.schema ?? CONFIG_SCHEMA);
  const siblings = inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
  const elsewhere = KEYS.filter((key) => key.path.at(-1) === name).map((key) => pathText(key.path));
  const meant =
    nearestWord(name.replace(/[_-]/g, ''), siblings) ?? (elsewhere.length === 1 ? elsewhere[0] : undefined);
  return [
    `\`${pathText([...above, name])}\` is not a key of the configuration.`,
    meant === undefined
      ? `remove it; the keys here are ${siblings.join(', ')}`
      : `did you mean \`${meant}\`?`,
    { on: 'key', blind: true },
  ];
}
