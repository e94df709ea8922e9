import type { ErrorCode, YAMLError } from 'yaml';

/** What the parser says, in our own words. It never quotes the text: that could be a secret. */
export interface Sentence {
  readonly message: string;
  readonly wayOut: string;
}

const say = (message: string, wayOut: string): Sentence => ({ message, wayOut });

const QUOTE = 'put the text in double quotes';
const UNREADABLE = say(
  'YAML cannot read this here.',
  'check the quotes, brackets and indentation just before it, or put the text in double quotes',
);

const BY_CODE: Partial<Record<ErrorCode, Sentence>> = {
  BAD_DIRECTIVE: say('YAML directives (lines that begin with %) are not used here.', 'remove the line'),
  BAD_DQ_ESCAPE: say(
    'Inside double quotes this backslash is no YAML escape.',
    'double the backslash, or use single quotes',
  ),
  BAD_INDENT: say(
    'The indentation does not fit the lines before it.',
    'begin keys of one map at the same column, and close every bracket',
  ),
  BAD_SCALAR_START: say('Text cannot begin with this character without quotes.', QUOTE),
  BLOCK_AS_IMPLICIT_KEY: say(
    'A second `key: value` stands on the line of the first one, or is indented below a value.',
    'give it its own line at the right column, or put the text that holds the colon in double quotes',
  ),
  BLOCK_IN_FLOW: say(
    'A list or map written by indentation cannot stand inside brackets.',
    'use [ ] and { } inside brackets',
  ),
  KEY_OVER_1024_CHARS: say('A key is longer than 1024 characters.', 'shorten it'),
  MISSING_CHAR: say('A key stands here without a colon.', 'write `key: value`'),
  MULTILINE_IMPLICIT_KEY: say(
    'This key does not end on its line.',
    'write `key: value` on one line, with a blank behind the colon',
  ),
  RESOURCE_EXHAUSTION: say('The file is nested too deeply.', 'use fewer brackets'),
  TAB_AS_INDENT: say('A tab cannot be used for indentation.', 'use blanks'),
};

/** Which sentences of the parser deserve a closer one than their code. */
const BY_WORDS: readonly (readonly [RegExp, Sentence])[] = [
  [
    /at node end/,
    say(
      'The value has ended before this text.',
      'put the whole value in double quotes if it begins with { or [ or a quote',
    ),
  ],
  [
    /block-seq-ind on same line/,
    say(
      'A list item cannot stand on the line of its key.',
      'put `- item` on the next line, or write [item, item]',
    ),
  ],
  [
    /Unexpected flow-(?:seq|map)-end/,
    say('A bracket closes that was not opened.', 'remove it, or put the text in double quotes'),
  ],
  [/Unexpected ,/, say('There is nothing between two commas.', 'remove the extra comma')],
  [/closing .quote/, say('A quote opens and does not close.', 'add the closing quote')],
  [
    /Comments must be separated/,
    say('A # directly behind other text begins no comment.', 'put a blank before the #'),
  ],
  [
    /sufficiently indented|expected? .*[\]}]$|must end with/,
    say('A bracket opens and does not close.', 'add the closing bracket, or put the text in double quotes'),
  ],
];

/** @returns our sentence for a parser error or warning. */
export function syntaxSentence(error: YAMLError): Sentence {
  const closer = BY_WORDS.find(([words]) => words.test(error.message));
  return closer?.[1] ?? BY_CODE[error.code] ?? UNREADABLE;
}
