/** The few pages that a browser sees during sign-in. No script and no inline style: the content security policy forbids both. */

/** The parts of the device forms that must survive the round trip: where it goes, and proof that our page sent it. */
export interface DeviceForm {
  readonly action: string;
  readonly xsrf: string;
  readonly userCode: string;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function page(title: string, body: string): string {
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
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</body>
</html>
`;
}

/** Says what went wrong, to whoever came from a terminal or from the portal: nobody knows which. The text is escaped here. */
export function errorPage(text: string): string {
  return page(
    'That did not work',
    `<p>${escapeHtml(text)}</p>
<p class="quiet">Nobody was signed in. Start again with <code>curfew login</code>, or in the portal.</p>
<p><a href="/">Back to Curfew</a></p>`,
  );
}

/** The same for the portal, with a way to begin again. */
export function browserErrorPage(text: string, again: string): string {
  return page(
    'That did not work',
    `<p>${escapeHtml(text)}</p>
<p class="quiet">Nobody was signed in.</p>
<p><a href="${escapeHtml(again)}">Sign in again</a></p>`,
  );
}

/** The same for an account that was not linked: whoever wanted it is signed in as before. */
export function linkErrorPage(text: string, back: string): string {
  return page(
    'The account was not linked',
    `<p>${escapeHtml(text)}</p>
<p class="quiet">Nothing was changed. You are signed in as before.</p>
<p><a href="${escapeHtml(back)}">Back</a></p>`,
  );
}

export function deviceCodePage(form: DeviceForm, complaint: string | null): string {
  return page(
    'Sign in a device',
    `${complaint === null ? '' : `<p class="warning" role="alert">${escapeHtml(complaint)}</p>`}
<p>Type the code that the other terminal shows.</p>
<form method="post" action="${escapeHtml(form.action)}">
<input type="hidden" name="xsrf" value="${escapeHtml(form.xsrf)}">
<label for="code">Code</label>
<input id="code" class="code" name="user_code" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="12" required autofocus placeholder="XXXX-XXXX">
<button type="submit">Go on</button>
</form>`,
  );
}

/** The question that stops a stolen code: whoever reads it knows whether they started this. */
export function deviceConfirmPage(form: DeviceForm, client: string): string {
  const hidden = `<input type="hidden" name="xsrf" value="${escapeHtml(form.xsrf)}">
<input type="hidden" name="user_code" value="${escapeHtml(form.userCode)}">`;
  return page(
    'Is this your code?',
    `<p class="code" aria-label="Code">${escapeHtml(form.userCode)}</p>
<p>Go on only if <strong>you</strong> started this and your own terminal shows this code. You then sign in with your company,
and ${escapeHtml(client)} in that terminal acts as you for up to 12 hours.</p>
<form method="post" action="${escapeHtml(form.action)}">
${hidden}
<button type="submit" name="confirm" value="yes">Yes, sign it in</button>
<button type="submit" name="abort" value="yes" class="plain">No, stop</button>
</form>
<p class="quiet">Somebody sent you this code or this link? Stop: they would act as you.</p>`,
  );
}

export function deviceDonePage(): string {
  return page('Signed in', '<p>Your terminal goes on by itself. You can close this page.</p>');
}
