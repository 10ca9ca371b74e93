import type { ErrorCode, YAMLError } from 'yaml';

/** What is wrong with the syntax, and how it is usually put right. */
export interface SyntaxFault {
  readonly message: string;
  readonly hint?: string;
}

const QUOTES = 'put the text into quotes';
const PAIR = 'write "key: value", with a space behind the colon';

/** The parser speaks of implicit keys and flow collections; whoever writes rules thinks of lines, lists and quotes. */
const WORDS: Partial<Record<ErrorCode, Required<SyntaxFault>>> = {
  BAD_ALIAS: { message: 'a "*" refers to something that does not exist', hint: QUOTES },
  BAD_DIRECTIVE: { message: 'a line that begins with "%" means something else in YAML', hint: QUOTES },
  BAD_DQ_ESCAPE: {
    message: 'a backslash in double quotes begins something that YAML does not know',
    hint: 'write two backslashes, or use single quotes',
  },
  BAD_INDENT: { message: 'the lines of one list or mapping are indented differently', hint: 'indent them alike' },
  BAD_SCALAR_START: { message: 'a text cannot begin with this character', hint: QUOTES },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'there is a key or a list where a text was expected',
    hint: 'put a text that holds ": " into quotes, and indent the keys of one level alike',
  },
  DUPLICATE_KEY: {
    message: 'the same key stands twice',
    hint: 'keep one of them; a line with --- begins a new document',
  },
  MISSING_CHAR: { message: 'a colon, a comma or a dash is missing', hint: PAIR },
  MULTILINE_IMPLICIT_KEY: { message: 'this line is neither a key with its value nor part of a list', hint: PAIR },
  TAB_AS_INDENT: { message: 'a tab indents this line', hint: 'indent with spaces' },
  TAG_RESOLVE_FAILED: { message: 'a word that begins with "!" means something else in YAML', hint: QUOTES },
  UNEXPECTED_TOKEN: {
    message: 'this does not belong here',
    hint: 'look for a bracket or a quote too many, here and on the line above',
  },
};

const UNCLOSED_BRACKET = {
  message: 'a bracket is not closed, or the lines inside it are not indented',
  hint: 'close it with ] or }, and indent what is inside deeper than its key',
} as const;
const UNCLOSED_QUOTE = {
  message: 'a text in quotes does not end',
  hint: 'close the quote that was opened above',
} as const;

/** Words for an error of the YAML parser. */
export function syntaxFault(error: YAMLError): SyntaxFault {
  if (error.code === 'BAD_INDENT' && error.message.startsWith('Flow')) return UNCLOSED_BRACKET;
  if (error.code === 'MISSING_CHAR' && error.message.startsWith('Missing closing')) return UNCLOSED_QUOTE;
  return WORDS[error.code] ?? { message: error.message.split(/ at line \d+/)[0] ?? error.message };
}

/** The faults worth showing: the first, since what follows mostly comes of it, and every other key that stands twice. */
export function worthShowing(errors: readonly YAMLError[]): readonly YAMLError[] {
  return errors.filter((error, index) => index === 0 || error.code === 'DUPLICATE_KEY');
}
