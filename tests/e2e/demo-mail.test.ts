import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyDatabaseTo } from '../embedded-template.ts';
import { makeHome, type Home } from './cli-harness.ts';
import { demoPlace, pause, until, type DemoPlace, type DemoProcess } from './demo-process.ts';

describe('the e-mail of the demo', () => {
  let place: DemoPlace;
  let demo: DemoProcess;
  let home: Home;
  beforeAll(async () => {
    place = await demoPlace();
    copyDatabaseTo(place.dataDir);
    demo = await place.start();
    home = makeHome(demo.url);
    for (const [profile, person] of [
      ['default', 'ana'],
      ['bo', 'bo'],
    ] as const)
      expect((await home.run(['--profile', profile, 'login', '--as', person])).code).toBe(0);
  }, 180_000);
  afterAll(async () => {
    home.remove();
    await place.remove();
  });

  const page = async (path: string) => (await fetch(`${demo.url}${path}`)).text();
  /** What the page lists, oldest first, as `name: subject`, without what filters look for. */
  const listed = async (): Promise<readonly string[]> =>
    [...(await page('/demo/mail')).matchAll(/<li[^>]*>.*?<a href="[^"]*">([^<]*)<.*?<\/strong> ([a-z]+)\..*?<\/li>/gs)]
      .map(([, subject = '', to = '']) => `${to}: ${subject}`)
      .reverse();
  /** What is told of roles: the demo begins with an appointment. */
  const isAboutRoles = (line: string) => / of Curfew| as auditor/.test(line);
  const told = async () => (await listed()).filter((line) => !isAboutRoles(line));

  test('a whole life: who can decide and whoever asked get what they should, and nobody anything else', async () => {
    const asked = await home.run(
      ['request', 'invoice-reader', '--on', 'aws/prod', '--for', '20s', '--json', '--reason'].concat(
        'Check <script>alert(1)</script> https://evil.example',
      ),
    );
    const request = JSON.parse(asked.stdout) as { id: string; steps: { eligible: { key: string }[] }[] };
    const deciders = request.steps.flatMap(({ eligible }) => eligible.map(({ key }) => key)).sort();
    const first = await until(told, (lines) => lines.length >= deciders.length, 10_000);
    expect([...first].sort()).toEqual(
      deciders.map((key) => `${key}: Please decide: invoice-reader on aws/prod, asked by Ana Ribeiro (ana)`),
    );

    const number = (await listed()).findIndex((line) => !isAboutRoles(line)) + 1;
    // What is written to Bo: his name, the address, when, and why.
    const list = await page('/demo/mail');
    expect(list).toMatch(/To <strong>Bo Sandberg<\/strong> bo\.sandberg@acme\.example<\/span> <time datetime="2/);
    expect(list).toContain('You get this because the rules name you as somebody who can decide this request.');
    // One view at a time; the text has links to the broker, and to nothing that Ana wrote.
    const one = await page(`/demo/mail/${number}/text`);
    expect(one).toContain('&#60;script&#62;');
    expect(one).not.toContain('<script');
    expect(one).not.toContain('<iframe');
    const link = `${demo.url}/approvals/${request.id}`;
    expect([...one.matchAll(/<a href="(http[^"]*)"/g)].map(([, url]) => url)).toEqual([link, `${demo.url}/me`]);
    const head = await page(`/demo/mail/${number}/headers`);
    expect(head).toContain(`<dt>Message-ID</dt><dd>&#60;${request.id}.`);
    expect(head).not.toMatch(/<iframe|<pre/);
    const framed = await page(`/demo/mail/${number}`);
    expect(framed).toContain(`src="/demo/mail/${number}/html"`);
    expect(framed).not.toContain('<pre');
    const alone = await fetch(`${demo.url}/demo/mail/${number}/html`);
    expect(alone.headers.get('content-security-policy')).toContain('sandbox');
    const html = await alone.text();
    expect(html).not.toContain('<script');
    // Whatever a scanner of mail opens decides nothing.
    for (const [, url = ''] of html.matchAll(/href="([^"]+)"/g)) await fetch(url);
    const shown = JSON.parse((await home.run(['why', request.id, '--json'])).stdout) as { request: { status: string } };
    expect(shown.request.status).toBe('pending');

    expect((await home.run(['--profile', 'bo', 'approve', request.id])).code).toBe(0);
    await until(told, (lines) => lines.length >= first.length + 2, 10_000);
    const all = await until(told, (lines) => lines.length >= first.length + 3, 60_000);
    await pause(2_000);
    expect((await told()).slice(first.length)).toEqual(all.slice(first.length));
    expect(all.slice(first.length)).toEqual([
      'ana: Approved: invoice-reader on aws/prod',
      expect.stringMatching(/^ana: You have access until .*\d\d:\d\d UTC: invoice-reader on aws\/prod$/),
      'ana: Ended: invoice-reader on aws/prod',
    ]);
  });

  test('who is appointed to a role of Curfew itself hears of it, and of what is proposed about them', async () => {
    expect((await home.run(['--profile', 'eli', 'login', '--as', 'eli'])).code).toBe(0);
    const propose = ['admin', 'appoint', 'bo', '--as', 'auditor', '--reason', 'He knows the books'];
    expect((await home.run(['--profile', 'eli', ...propose])).code).toBe(0);
    const line = 'bo: Please confirm or refuse: you are to become an auditor of Curfew';
    const lines = await until(listed, (all) => all.includes(line), 10_000);
    const one = await page(`/demo/mail/${lines.indexOf(line) + 1}/text`);
    expect(one).toContain('It waits for you');
    expect(one).toContain(`${demo.url}/administration`);
    expect(one).toContain('He knows the books');
    expect(one).toContain('cannot be turned off');
  });

  test('there is no message that was not sent', async () => {
    for (const path of ['/demo/mail/999', '/demo/mail/999/text', '/demo/mail/999/headers', '/demo/mail/999/html'])
      expect((await fetch(`${demo.url}${path}`)).status, path).toBe(404);
    for (const path of ['/demo/mail/0', '/demo/mail/x', '/demo/mail/1e3/html', '/demo/mail/-1'])
      expect((await fetch(`${demo.url}${path}`)).status, path).toBeGreaterThanOrEqual(400);
  });
});
