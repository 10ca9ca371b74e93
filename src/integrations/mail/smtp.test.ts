import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startMailCatcher, type MailCatcher } from '../../../simulators/mail/catcher.ts';
import { parseId } from '../../core/ids.ts';
import { headerOf } from '../../../simulators/mail/read-message.ts';
import { letterOf } from './letter.ts';
import { GRANT, noticeUnderTest } from './notice-under-test.ts';
import { printHtml, printText } from './print-letter.ts';
import { createSmtpMailer, type SmtpMailer } from './smtp.ts';

let catcher: MailCatcher;
let mailer: SmtpMailer;
beforeEach(async () => {
  catcher = await startMailCatcher({ port: 0 });
  mailer = mailerTo(catcher.port);
});
afterEach(async () => {
  mailer.close();
  await catcher.close();
});

function mailerTo(port: number, encryption: 'none' | 'starttls' | 'tls' = 'none', password: string | null = null) {
  return createSmtpMailer({
    config: {
      host: '127.0.0.1',
      port,
      encryption,
      login: password === null ? null : { user: 'mailer', passwordFile: '/nowhere' },
      from: { name: 'Curfew at Acme', address: 'curfew@acme.example' },
    },
    password,
    origin: 'https://curfew.acme.example',
  });
}

test('a message arrives as it was written, in the thread of its request, and the same one is the same again', async () => {
  const notice = noticeUnderTest({ reason: '.a line with a dot\n..two\nZürich' });
  expect(await mailer.send(notice)).toEqual({ kind: 'sent' });
  expect(await mailer.send(notice)).toEqual({ kind: 'sent' });
  const [first, again] = catcher.messages();
  expect(first?.from).toBe('curfew@acme.example');
  expect(first?.to).toEqual(['bo.sandberg@acme.example']);
  const letter = letterOf(notice, 'https://curfew.acme.example');
  expect([first?.text, first?.html]).toEqual([printText(letter), printHtml(letter)]);
  expect(first?.text).toContain('\n> .\u2060a line with a dot\n> .\u2060.\u2060two\n> Zürich\n');
  expect(first?.html).toContain('<a href="https://curfew.acme.example/approvals/req_abcdeabcdeabcdeabcde">');
  const of = (name: string) => headerOf(first?.headers ?? [], name);
  expect(of('message-id')).toBe('<req_abcdeabcdeabcdeabcde.0123456789abcdef01234567@curfew.acme.example>');
  expect([of('in-reply-to'), of('references')]).toEqual(
    Array(2).fill('<req_abcdeabcdeabcdeabcde@curfew.acme.example>'),
  );
  expect(of('subject')).toBe('Please decide: invoice-reader on aws/prod, asked by Ana Ribeiro [Curfew req_abcdea]');
  expect(of('auto-submitted')).toBe('auto-generated');
  expect(of('list-unsubscribe')).toBe('<https://curfew.acme.example/me>');
  expect(of('date')).toBe('Sun, 22 Nov 2026 14:00:00 +0000');
  expect(again?.headers.filter(([name]) => name === 'Message-ID')).toEqual(
    first?.headers.filter(([name]) => name === 'Message-ID'),
  );
});

test('all messages of a request are one thread, however different their subjects are, and those of another request are not', async () => {
  const another = parseId('req', `req_${'bcdea'.repeat(4)}`);
  if (another === null) throw new Error('the id of the test is no id');
  await mailer.send(noticeUnderTest());
  await mailer.send(noticeUnderTest({ kind: 'active', grant: GRANT, key: 'b'.repeat(24) }));
  await mailer.send(noticeUnderTest({ request: another }));
  const [waits, active, other] = catcher.messages().map(({ headers }) => ({
    subject: headerOf(headers, 'subject'),
    thread: ['references', 'in-reply-to', 'thread-index'].map((name) => headerOf(headers, name)),
  }));
  expect(active?.subject).not.toBe(waits?.subject);
  expect(active?.thread).toEqual(waits?.thread);
  for (const [place, value] of (other?.thread ?? []).entries()) expect(value).not.toBe(waits?.thread[place]);
  // [MS-OXOMSG] 2.2.1.3: a byte 1, five of a time, sixteen that name the thread.
  const index = Buffer.from(waits?.thread[2] ?? '', 'base64');
  expect([index.length, index[0]]).toEqual([22, 1]);
});

test('nothing that people wrote becomes a header or a recipient', async () => {
  const evil = 'x\r\nBcc: all@acme.example\r\n\r\nbody';
  await mailer.send(
    noticeUnderTest({
      requester: evil,
      reason: evil,
      ticket: evil,
      items: [{ role: evil, target: evil, tier: 0 }],
      to: { name: `Bo" <all@acme.example>, "${evil}`, address: 'bo.sandberg@acme.example' },
    }),
  );
  const [mail] = catcher.messages();
  expect(mail?.to).toEqual(['bo.sandberg@acme.example']);
  expect(mail?.headers.map(([name]) => name).sort()).toEqual(
    [
      ...['Auto-Submitted', 'Content-Type', 'Date', 'From', 'In-Reply-To', 'List-Unsubscribe', 'MIME-Version'],
      ...['Message-ID', 'References', 'Subject', 'Thread-Index', 'To', 'X-Auto-Response-Suppress'],
    ].sort(),
  );
});

describe('what goes wrong is said by its code, without an address, a secret or a text of the server', () => {
  test('a mailbox that will never be is refused; one that is full is tried again', async () => {
    catcher.refuse({ at: 'rcpt', line: '550 5.1.1 <bo.sandberg@acme.example> is unknown' });
    expect(await mailer.send(noticeUnderTest())).toEqual({ kind: 'refused', fault: 'EENVELOPE 550' });
    catcher.refuse({ at: 'rcpt', line: '452 4.2.2 <bo.sandberg@acme.example> is full' });
    expect(await mailer.send(noticeUnderTest())).toEqual({ kind: 'failed', fault: 'EENVELOPE 452' });
    catcher.refuse({ at: 'data', line: '451 4.3.0 try later' });
    expect(await mailer.send(noticeUnderTest())).toEqual({ kind: 'failed', fault: 'EMESSAGE 451' });
    catcher.refuse(null);
    expect(await mailer.send(noticeUnderTest())).toEqual({ kind: 'sent' });
  });

  test('a server that is down', async () => {
    const { port } = catcher;
    await catcher.close();
    const down = mailerTo(port);
    expect(await down.send(noticeUnderTest())).toMatchObject({ kind: 'failed', fault: 'ESOCKET' });
    expect(await down.examine()).toMatchObject({
      target: 'mail',
      ok: false,
      message: expect.stringMatching(/ESOCKET$/),
    });
    down.close();
    catcher = await startMailCatcher({ port: 0 });
  });

  test('without TLS nothing is sent to another machine, and no password is shown to anybody', async () => {
    const secret = mailerTo(catcher.port, 'starttls', 'hunter2');
    const outcome = await secret.send(noticeUnderTest());
    expect(outcome.kind).toBe('failed');
    expect(JSON.stringify([outcome, await secret.examine()])).not.toContain('hunter2');
    expect(catcher.messages()).toEqual([]);
    secret.close();
  });
});

test('a server that is well is found well', async () => {
  expect(await mailer.examine()).toEqual({
    target: 'mail',
    ok: true,
    message: `e-mail goes out through 127.0.0.1:${catcher.port}`,
  });
});
