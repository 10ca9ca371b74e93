import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyDatabaseTo } from '../embedded-template.ts';
import { makeHome, type Home } from './cli-harness.ts';
import { demoPlace, pause, until, type DemoPlace, type DemoProcess } from './demo-process.ts';

interface Decider {
  readonly key: string;
  readonly name: string;
  readonly onCall: boolean;
}

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

  test('a whole life: who is on call and whoever asked get what they should, and nobody anything else', async () => {
    const asked = await home.run(
      ['request', 'invoice-reader', '--on', 'aws/prod', '--for', '20s', '--json', '--reason'].concat(
        'Check <script>alert(1)</script> https://evil.example',
      ),
    );
    const request = JSON.parse(asked.stdout) as { id: string; steps: { eligible: Decider[] }[] };
    const deciders = request.steps.flatMap(({ eligible }) => eligible);
    // The others are not asked while whoever is on call has their time.
    const [first, ...more] = deciders.filter(({ onCall }) => onCall);
    if (first === undefined || more.length > 0) throw new Error('the demo has one person on call at a time');
    expect(deciders.length).toBeGreaterThan(1);
    const summons = [`${first.key}: Please decide: invoice-reader on aws/prod, asked by Ana Ribeiro (ana)`];
    expect(await until(told, (lines) => lines.length > 0, 10_000)).toEqual(summons);

    const number = (await listed()).findIndex((line) => !isAboutRoles(line)) + 1;
    // To whom it goes by name and address, when, and why.
    const list = await page('/demo/mail');
    const address = `${first.name.toLowerCase().replace(' ', '.')}@acme.example`;
    expect(list).toContain(`To <strong>${first.name}</strong> ${address}</span> <time datetime="2`);
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
    // That it was approved is said where the access is usable; it is over before that would be told by itself.
    const all = await until(told, (lines) => lines.length >= 3, 60_000);
    await pause(2_000);
    expect(await told()).toEqual(all);
    expect(all).toEqual([
      ...summons,
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
