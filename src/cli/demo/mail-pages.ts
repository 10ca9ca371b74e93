import type { CaughtMail } from '../../../simulators/mail/catcher.ts';
import { headerOf } from '../../../simulators/mail/read-message.ts';
import type { DemoPage } from '../../api/parts.ts';
import { escapeHtml } from '../../identity/sign-in-pages.ts';
import { instant, toIso } from '../../core/time.ts';

/** As helmet writes it for every page, with frames of our own: the message is shown in one. */
const WITH_FRAME =
  "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** A link of a message opens a tab of its own, as in a mail program, and what is there is not bound by what binds the message. */
const POPUPS = 'allow-popups allow-popups-to-escape-sandbox';
/** A message can do nothing: no script, no form, nothing loaded, no origin of its own, and only our page frames it. */
const MESSAGE = `default-src 'none'; sandbox ${POPUPS}; frame-ancestors 'self'; base-uri 'none'; form-action 'none'`;

/** How one message can be looked at, and the end of the address where it is; the first is what a mail program shows. */
const VIEWS = { '': 'As HTML', '/text': 'As text', '/headers': 'Headers' } as const;
type View = keyof typeof VIEWS;

/**
 * Pages that show what the demo's people would have got: `/demo/mail`, one message in three views, and its HTML alone. Without a script: each
 * view is a page, so that the keyboard and the way back work by themselves. `origin`: of the broker, whose addresses are links in the text, too.
 */
export function mailPages(messages: () => readonly CaughtMail[], origin: string): readonly DemoPage[] {
  const message = (view: View): DemoPage => ({
    path: `mail/:n${view}`,
    html(n) {
      const all = messages();
      const at = all.findIndex((one) => one.n === n);
      const mail = all[at];
      if (mail === undefined) return null;
      const near = { newer: all[at + 1] ?? null, older: all[at - 1] ?? null };
      return { body: messagePage(mail, view, near, origin), policy: WITH_FRAME };
    },
  });
  return [
    { path: 'mail', html: () => ({ body: listPage(messages()) }) },
    ...(Object.keys(VIEWS) as View[]).map(message),
    {
      path: 'mail/:n/html',
      html(n) {
        const mail = messages().find((one) => one.n === n);
        const body = mail?.html.replaceAll('<a href=', '<a target="_blank" rel="noopener" href=');
        return body === undefined ? null : { body, policy: MESSAGE };
      },
    },
  ];
}

function listPage(messages: readonly CaughtMail[]): string {
  const rows = messages.toReversed().map((mail) => {
    const { words, tail } = subjectOf(mail);
    return `<li${words.startsWith('Please ') ? ' class="asks"' : ''}>
<h2><a href="/demo/mail/${mail.n}">${escapeHtml(words)}</a> <span class="tail">${escapeHtml(tail)}</span></h2>
<p class="mail-to">${receiver(mail)} ${time(mail)}</p>
<p class="quiet">${escapeHtml(whyOf(mail))}</p>
</li>`;
  });
  const count = messages.length === 1 ? '1 message' : `${messages.length} messages`;
  const list =
    rows.length === 0
      ? `<p class="empty">Nobody was told anything yet. Ask for something that somebody has to decide, and look again in a few seconds.</p>`
      : `<ul class="mails">\n${rows.join('\n')}\n</ul>`;
  return page(
    'E-mail',
    `<div class="mail-head"><h1>E-mail</h1> <a class="press" href="/demo/mail">Look again</a></div>
<p class="quiet">What the people of the demo would have got, newest first. Nothing leaves this machine. ${rows.length === 0 ? '' : `${count}.`}</p>
${list}`,
  );
}

type Near = Readonly<Record<'newer' | 'older', CaughtMail | null>>;

function messagePage(mail: CaughtMail, view: View, near: Near, origin: string): string {
  const { words, tail } = subjectOf(mail);
  const step = (to: CaughtMail | null, name: string): string =>
    to === null ? '' : `<a class="press" href="/demo/mail/${to.n}${view}">${name}</a>`;
  const views = Object.entries(VIEWS).map(
    ([path, name]) => `<a href="/demo/mail/${mail.n}${path}"${path === view ? ' aria-current="page"' : ''}>${name}</a>`,
  );
  return page(
    words,
    `<nav class="mail-head" aria-label="Messages"><a class="press" href="/demo/mail">All e-mail</a>
<span>${step(near.newer, 'Newer')}${step(near.older, 'Older')}</span></nav>
<h1>${escapeHtml(words)} <span class="tail">${escapeHtml(tail)}</span></h1>
<p class="mail-to">${receiver(mail)} ${time(mail)}</p>
<p class="mail-to">${escapeHtml(whyOf(mail))}</p>
<nav class="views" aria-label="How it is shown">${views.join('')}</nav>
${shown(mail, view, origin)}`,
  );
}

function shown(mail: CaughtMail, view: View, origin: string): string {
  switch (view) {
    case '':
      return `<iframe class="message" sandbox="${POPUPS}" src="/demo/mail/${mail.n}/html" title="The message as HTML"></iframe>`;
    case '/text':
      return `<pre class="message">${linked(escapeHtml(mail.text), origin)}</pre>`;
    case '/headers':
      return `<dl class="message headers">${mail.headers.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join('\n')}</dl>`;
  }
}

/** Addresses of the broker in text that is escaped already: a mail program makes links of them, and of nothing else that we write. */
function linked(escaped: string, origin: string): string {
  return escaped.replace(/https?:\/\/[\w.:/?=%-]+/g, (url) =>
    url.startsWith(`${origin}/`) ? `<a href="${url}" target="_blank" rel="noopener">${url}</a>` : url,
  );
}

/** The subject, and apart from it what filters look for. */
function subjectOf({ subject }: CaughtMail): { readonly words: string; readonly tail: string } {
  const [, words = subject, tail = ''] = /^(.*) (\[Curfew[^\]]*\])$/.exec(subject) ?? [];
  return { words, tail };
}

/** Whom it would have reached: the name of its header beside the addresses of its envelope. */
function receiver({ headers, to }: CaughtMail): string {
  const [, name = ''] = /^"?([^"<]+?)"? *</.exec(headerOf(headers, 'to')) ?? [];
  return `<span>To <strong>${escapeHtml(name)}</strong> ${escapeHtml(to.join(', '))}</span>`;
}

/** Why it was sent, as the first sentence of its own foot says it. */
const whyOf = ({ text }: CaughtMail): string => /\n-- \n(.*?\.)/.exec(text)?.[1] ?? '';

function time({ receivedAt }: CaughtMail): string {
  const at = toIso(instant(receivedAt));
  return `<time datetime="${at}">${at.slice(0, 19).replace('T', ' ')} UTC</time>`;
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Curfew demo</title>
<link rel="stylesheet" href="/assets/curfew.css">
<link rel="icon" href="/assets/curfew.svg" type="image/svg+xml">
</head>
<body class="mail">
<header class="top"><a class="brand" href="/"><img src="/assets/curfew.svg" alt="" width="28" height="28"> Curfew</a>
<span class="badge">Demo</span></header>
<main class="card">
${body}
</main>
</body>
</html>
`;
}
