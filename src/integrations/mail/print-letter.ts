import { oneLine } from '../../core/one-line.ts';
import type { Letter } from './letter.ts';

/** A reason can be a page long; the message says how it begins, and the page has all of it. */
const LONGEST_QUOTE = 1_000;

/** A letter as plain text. */
export function printText(letter: Letter): string {
  const { headline, lines, quote, link, why, settingsUrl } = letter;
  const said = quote === null ? [] : [`${body(quote.by)} writes:`, ...quoted(quote.text).map((one) => `> ${one}`), ''];
  return [
    body(headline),
    '',
    ...lines.map((one) => `  ${body(one)}`),
    '',
    ...said,
    `${link.words}: ${link.url}`,
    '',
    '-- ',
    why,
    ...(settingsUrl === null ? [] : [`What you are told, and what not: ${settingsUrl}`]),
    '',
  ].join('\n');
}

/** The same as HTML: no image, no script, no colour of its own, so that it is as light or dark as its reader is. */
export function printHtml(letter: Letter): string {
  const { headline, lines, quote, link, why, settingsUrl } = letter;
  const said =
    quote === null
      ? ''
      : `<p>${escaped(body(quote.by))} writes:</p>\n<blockquote>${quoted(quote.text).map(escaped).join('<br>')}</blockquote>\n`;
  const settings =
    settingsUrl === null ? '' : `<br><a href="${escaped(settingsUrl)}">What you are told, and what not</a>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(oneLine(letter.subject))}</title>
</head>
<body>
<p><strong>${escaped(body(headline))}</strong></p>
<p>${lines.map((one) => escaped(body(one))).join('<br>')}</p>
${said}<p><a href="${escaped(link.url)}">${escaped(link.words)}</a></p>
<hr>
<p><small>${escaped(why)}${settings}</small></p>
</body>
</html>
`;
}

/** Behind which of its characters a word could be taken for an address: not the colon of `14:30`. */
const BREAKS = /([./@]|(?<!\d):|:(?!\d))(?=\S)/g;
/** What makes an address of a word. A `/` alone does not: `aws/prod` is no link anywhere. */
const ADDRESS = /[.@](?=\S)|(?<!\d):(?=\S)|:(?!\d)(?=\S)/;

/**
 * A line of the message that may hold what a person wrote: a ticket, a name, a reason. Mail programs make links of everything that looks like
 * one; a link to anywhere, in a message that people believe, is what an attacker would write there. An unseen joiner behind each `.`, `:`, `/`
 * and `@` of a word that looks like an address keeps it text. A word that looks like none has no joiner, because names of roles and targets are
 * copied from here; the command line and the searches drop it from what is pasted (`core/pasted.ts`). Only what the broker itself links to is
 * printed without this.
 */
function body(text: string): string {
  return oneLine(text).replace(/\S+/g, (word) => (ADDRESS.test(word) ? word.replace(BREAKS, '$1\u2060') : word));
}

/** What a person wrote, in lines. */
function quoted(text: string): readonly string[] {
  const short = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return short.split(/\r\n|\r|\n/).map(body);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
