import { escapeHtml } from '../../identity/sign-in-pages.ts';

interface FirstPage {
  readonly origin: string;
  readonly version: string;
  readonly publicLive: boolean;
  readonly demo: boolean;
}

/** The first page: what this is, who holds what now, and what to type. */
export function firstPage({ origin, version, publicLive, demo }: FirstPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Curfew</title>
<meta name="description" content="Just-in-time access to the cloud: asked for, decided by a written rule, ended on time, proven.">
<link rel="stylesheet" href="/assets/curfew.css">
<link rel="icon" href="/assets/curfew.svg" type="image/svg+xml">
${publicLive ? '<script type="module" src="/assets/live-access.js"></script>' : ''}
</head>
<body>
<header class="top">
<a class="brand" href="/"><img src="/assets/curfew.svg" alt="" width="32" height="32"> Curfew</a>
<nav aria-label="Elsewhere">${demo ? '<span class="badge">Demo with simulated clouds</span>' : ''}<a href="/openapi.json">API</a></nav>
</header>
<main>
<section class="hero">
<h1>Every privilege has a curfew.</h1>
<p>Nobody here holds standing power over the cloud. People ask for what a task needs, a written rule decides who must agree,
the access exists for minutes and ends on time, and a log that others can verify proves it.</p>
</section>
<div class="columns">
${publicLive ? LIVE : signInCard(origin)}
${commands(origin, demo)}
</div>
</main>
<footer><span>Curfew ${escapeHtml(version)}</span><a href="/openapi.json">openapi.json</a><a href="/readyz">readiness</a></footer>
</body>
</html>
`;
}

const LIVE = `<section class="card" aria-labelledby="live-title">
<div class="card-head"><h2 id="live-title">Live access</h2><span class="connection" id="connection">connecting…</span></div>
<div id="live"><p class="empty">Looking…</p></div>
<p id="more" class="quiet" hidden>These are the 200 that began last. There are more: <code>GET /v1/live</code> lists them in pages.</p>
<p id="news" role="status" class="unseen"></p>
<noscript><p class="quiet">The list needs JavaScript; <code>curfew ls</code> does not.</p></noscript>
</section>`;

function signInCard(origin: string): string {
  return `<section class="card" aria-labelledby="live-title">
<h2 id="live-title">Live access</h2>
<p>Who holds what now is for people who are signed in. What you hold yourself, on your own machine:</p>
<pre>curfew login --server ${escapeHtml(origin)}
curfew ls</pre>
</section>`;
}

/** Where the command line looks when nobody tells it; docs/cli.md promises it. */
const DEFAULT_ORIGIN = 'http://localhost:7420';

function commands(origin: string, demo: boolean): string {
  const server = origin === DEFAULT_ORIGIN ? '' : ` --server ${origin}`;
  const steps: readonly (readonly [string, string])[] = demo
    ? [
        ['Be somebody', `./bin/curfew login --as ana${server}`],
        ['Ask', './bin/curfew request invoice-reader --on aws/prod --for 15m --reason "Check the invoice export"'],
        [
          'Somebody has to agree',
          `./bin/curfew --profile bo login --as bo${server}\n./bin/curfew --profile bo ls --waiting`,
        ],
        [
          'Use it, then give it back',
          './bin/curfew assume invoice-reader --on aws/prod -- aws s3 ls s3://acme-invoices\n./bin/curfew done',
        ],
      ]
    : [
        ['Sign in', `curfew login --server ${origin}`],
        ['Look around', 'curfew search invoice'],
        ['Ask', 'curfew request <role> --on <target> --for 15m --reason "…"'],
      ];
  const items = steps.map(
    ([title, text]) => `<li data-title="${escapeHtml(title)}"><pre>${escapeHtml(text)}</pre></li>`,
  );
  return `<section class="card" aria-labelledby="try-title">
<h2 id="try-title">${demo ? 'Four things to try' : 'Begin here'}</h2>
<ol class="steps">
${items.join('\n')}
</ol>
</section>`;
}
