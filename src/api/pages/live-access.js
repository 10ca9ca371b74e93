// Keeps the list of live access true: reads it, counts down, and reads it again whenever something changes.
// Time is the server's: the clock of this machine is only used to measure how much has passed.

const list = document.getElementById('live');
const connection = document.getElementById('connection');
const news = document.getElementById('news');
const more = document.getElementById('more');

let offsetMs = 0;
let grants = [];
let reading = false;
let again = false;

async function read() {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  try {
    const answer = await fetch('/v1/live', { headers: { accept: 'application/json' } });
    if (!answer.ok) return;
    const { items, nextCursor, now } = await answer.json();
    offsetMs = Date.parse(now) - Date.now();
    more.hidden = nextCursor === null;
    tell(grants, items);
    grants = items;
    draw();
  } catch {
    // The stream says whether there is a connection; the next change reads again.
  } finally {
    reading = false;
    if (again) {
      again = false;
      void read();
    }
  }
}

/** Says what has changed to those who do not see the list. Seconds are never read out. */
function tell(before, after) {
  const known = new Map(before.map((grant) => [grant.id, grant.status]));
  const words = after
    .filter((grant) => known.get(grant.id) !== grant.status)
    .map((grant) => `${grant.role} for ${grant.person.name} is ${grant.status}`);
  // Of a list that is cut off, nobody knows whether what left it has ended.
  const gone = (more.hidden ? before : [])
    .filter((grant) => !after.some((other) => other.id === grant.id))
    .map((grant) => `${grant.role} of ${grant.person.name} has ended`);
  if (before.length > 0 || words.length < 4) news.textContent = [...words, ...gone].join('. ');
}

function draw() {
  if (grants.length === 0) {
    const empty = document.createElement('p');
    empty.className = 'empty';
    empty.textContent = 'Nobody holds any access now. That is the normal state of affairs.';
    list.replaceChildren(empty);
    return;
  }
  const rows = document.createElement('ul');
  rows.className = 'live';
  for (const grant of grants) rows.append(row(grant));
  list.replaceChildren(rows);
  tick();
}

function row(grant) {
  const item = document.createElement('li');
  item.dataset.id = grant.id;
  const what = element('span', 'what', `${grant.role} on ${grant.target}`);
  // A space and not a margin: at the begin of a line it is no indent.
  what.append(' ', element('span', 'tier', `tier ${grant.tier}`));
  item.append(
    what,
    element('span', 'who', `${grant.person.name}${grant.lastFault === null ? '' : ` · ${grant.lastFault}`}`),
    element('span', 'left', ''),
  );
  return item;
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function tick() {
  const now = Date.now() + offsetMs;
  for (const item of list.querySelectorAll('li')) {
    const grant = grants.find((one) => one.id === item.dataset.id);
    if (grant === undefined) continue;
    const left = item.querySelector('.left');
    const msLeft = grant.endsAt === null ? null : Date.parse(grant.endsAt) - now;
    // Over is over only with the proof; until then it is ending, whatever the clock says.
    const isEnding = grant.status === 'ending' || (msLeft !== null && msLeft <= 0);
    item.classList.toggle('ending', isEnding);
    if (isEnding) show(left, 'ending…', 'until it is proven gone');
    else if (grant.status === 'active') show(left, clock(msLeft), `until ${local(grant.endsAt)}`);
    else if (grant.status === 'scheduled') show(left, 'planned', `from ${local(grant.startsAt)}`);
    else show(left, 'starting…', grant.endsAt === null ? '' : `until ${local(grant.endsAt)}`);
  }
}

function show(left, big, small) {
  const text = `${big}|${small}`;
  if (left.dataset.text === text) return;
  left.dataset.text = text;
  const note = document.createElement('small');
  note.textContent = small;
  left.replaceChildren(big, note);
}

function clock(ms) {
  const seconds = Math.max(0, Math.ceil((ms ?? 0) / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

function local(iso) {
  if (iso === null) return '';
  const at = new Date(iso);
  const time = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const today = new Date(Date.now() + offsetMs).toDateString() === at.toDateString();
  return today ? time : `${at.toLocaleDateString()} ${time}`;
}

function listen() {
  const source = new EventSource('/v1/events');
  source.onopen = () => {
    connection.dataset.on = 'yes';
    connection.textContent = 'live';
    void read();
  };
  source.onerror = () => {
    connection.dataset.on = 'no';
    connection.textContent = 'connecting…';
    // A stream that was refused (too many windows) is not tried again by the browser itself.
    if (source.readyState !== EventSource.CLOSED) return;
    connection.textContent = 'not live';
    setTimeout(listen, 30_000);
  };
  source.addEventListener('change', () => void read());
  source.addEventListener('resync', () => void read());
}

if (list !== null) {
  void read();
  listen();
  setInterval(tick, 1000);
  // A page that was asleep has missed seconds and perhaps changes.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void read();
  });
}
