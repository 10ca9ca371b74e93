/** Somebody who works at the demo company. */
export interface DemoPerson {
  readonly key: string;
  readonly name: string;
  readonly title: string;
  readonly email: string;
}

export const STYLE_PATH = '/style.css';

export const STYLE = `:root { color-scheme: light dark; --ink: light-dark(#22252b, #e7e5e0); --paper: light-dark(#f3f1ec, #17181b);
  --card: light-dark(#fff, #202227); --line: light-dark(#d9d5cc, #35383f); --accent: light-dark(#1d5c56, #7cc4b8); }
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem 4rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 42rem; margin: 0 auto; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
p { margin: 0 0 1.25rem; }
.note { border-left: 3px solid #b4541a; padding-left: .75rem; }
form { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .5rem; }
button { display: block; text-align: left; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .5rem;
  background: var(--card); color: inherit; font: inherit; cursor: pointer; }
button:hover, button:focus-visible { border-color: var(--accent); outline: 2px solid var(--accent); outline-offset: 1px; }
button span { display: block; font-size: .85rem; opacity: .75; }
`;

/** The page that stands in for a password: one button for each person. */
export function peoplePage(
  company: string,
  people: readonly DemoPerson[],
  action: string,
  note: string | null,
): string {
  const buttons = people.map(
    (person) =>
      `<button name="person" value="${escape(person.key)}">${escape(person.name)}<span>${escape(person.title)} · ${escape(person.key)}</span></button>`,
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(company)} sign-in (demo)</title><link rel="stylesheet" href="${STYLE_PATH}"></head>
<body><main>
<h1>Who are you today?</h1>
<p>This is the identity provider of ${escape(company)}, of the demo. It asks for no password; a real one would.</p>
${note === null ? '' : `<p class="note" role="alert">${escape(note)}</p>`}
<form method="post" action="${escape(action)}">
${buttons.join('\n')}
</form>
</main></body></html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
