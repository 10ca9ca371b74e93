import { escapeHtml } from '../../identity/sign-in-pages.ts';

/**
 * Shows a page of docs/problems. Of Markdown it knows what these pages use: one heading, sections, paragraphs, lists, code.
 * Everything is escaped first, so a page cannot bring markup of its own.
 */
export function problemPage(markdown: string): string {
  const blocks = markdown.trim().split(/\n{2,}/);
  const title = /^# (.+)$/.exec(blocks[0] ?? '')?.[1] ?? 'Problem';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Curfew</title>
<link rel="stylesheet" href="/assets/curfew.css">
<link rel="icon" href="/assets/curfew.svg" type="image/svg+xml">
</head>
<body class="narrow">
<header class="top"><a class="brand" href="/"><img src="/assets/curfew.svg" alt="" width="28" height="28"> Curfew</a></header>
<main class="card">
${blocks.map(block).join('\n')}
</main>
</body>
</html>
`;
}

function block(text: string): string {
  const heading = /^(#{1,3}) (.+)$/.exec(text);
  if (heading !== null) {
    const level = heading[1]?.length ?? 2;
    return `<h${level}>${inline(heading[2] ?? '')}</h${level}>`;
  }
  const fence = /^```\w*\n([\s\S]*?)\n?```$/.exec(text);
  if (fence !== null) return `<pre>${escapeHtml(fence[1] ?? '')}</pre>`;
  if (text.startsWith('- ')) {
    const items = text.split(/\n(?=- )/).map((item) => `<li>${inline(item.slice(2))}</li>`);
    return `<ul>${items.join('')}</ul>`;
  }
  return `<p>${inline(text)}</p>`;
}

function inline(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}
