import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { oneLine } from '../../core/one-line.ts';
import type { Delivery, Mailer } from '../../operations/tell-people.ts';
import type { MailConfig } from '../../platform/config.ts';
import { letterOf } from './letter.ts';
import { ownLetterOf } from './own-letter.ts';
import { printHtml, printText } from './print-letter.ts';

/** A mailer that holds a connection; `close` gives it back. */
export interface SmtpMailer extends Mailer {
  close(): void;
}

export interface SmtpParts {
  readonly config: MailConfig;
  /** `null` where nobody logs in. */
  readonly password: string | null;
  /** The configured address of this broker: of its host are the Message-IDs, and all links lead there. */
  readonly origin: string;
}

/** A server that is slower than this has not taken the message. All together are shorter than a message is claimed for. */
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, dnsTimeout: 10_000 };

/** Sends by SMTP, over one connection. Nothing is said in clear except to this machine: without TLS there is no mail. */
export function createSmtpMailer({ config, password, origin }: SmtpParts): SmtpMailer {
  const { host, port, encryption, login, from } = config;
  const transport = createTransport({
    pool: true,
    maxConnections: 1,
    host,
    port,
    secure: encryption === 'tls',
    requireTLS: encryption === 'starttls',
    ignoreTLS: encryption === 'none',
    tls: { minVersion: 'TLSv1.2' },
    ...TIMEOUTS,
    ...(login === null || password === null ? {} : { auth: { user: login.user, pass: password } }),
    // What a message is made of is in the message.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // A connection that breaks while nothing is sent is made anew for the next message.
  transport.on('error', () => {});
  const domain = new URL(origin).hostname.replace(/^\[|\]$/g, '');
  return {
    async send(notice) {
      const letter = 'request' in notice ? letterOf(notice, origin) : ownLetterOf(notice, origin);
      const about = 'request' in notice ? notice.request : notice.thread;
      const thread = `<${about}@${domain}>`;
      try {
        await transport.sendMail({
          from,
          to: { name: oneLine(notice.to.name), address: notice.to.address },
          envelope: { from: from.address, to: [notice.to.address] },
          subject: oneLine(letter.subject),
          text: printText(letter),
          html: printHtml(letter),
          messageId: `<${about}.${notice.key}@${domain}>`,
          // The beginning of the thread is a name that no message has: who is told later than others has it in common with them.
          inReplyTo: thread,
          references: [thread],
          date: new Date(notice.happenedAt),
          xMailer: false,
          headers: {
            // RFC 3834: nobody's holiday answers it.
            'Auto-Submitted': 'auto-generated',
            'X-Auto-Response-Suppress': 'All',
            'Thread-Index': threadIndex(about),
            ...(letter.settingsUrl === null ? {} : { 'List-Unsubscribe': `<${letter.settingsUrl}>` }),
          },
        });
        return { kind: 'sent' };
      } catch (error) {
        return deliveryOf(error);
      }
    },
    async examine() {
      const where = `${host}:${port}`;
      try {
        await transport.verify();
        return { target: 'mail', ok: true, message: `e-mail goes out through ${where}` };
      } catch (error) {
        const fix = 'Look at CURFEW_SMTP_URL and CURFEW_SMTP_PASSWORD_FILE.';
        return { target: 'mail', ok: false, message: `${where} takes no e-mail: ${faultOf(error)}`, fix };
      }
    },
    close: () => transport.close(),
  };
}

/** The beginning of 2026 as a FILETIME without its last three bytes: where a thread begins is no matter, as long as all of it says the same. */
const THREAD_BEGINS = '01dc7ab19281';

/**
 * What Outlook keeps a thread together by whose subjects differ ([MS-OXOMSG] 2.2.1.3, PidTagConversationIndex): a time and 16 bytes that name
 * the thread. It does not go by `References` alone.
 */
function threadIndex(about: string): string {
  const name = createHash('sha256').update(about).digest().subarray(0, 16);
  return Buffer.concat([Buffer.from(THREAD_BEGINS, 'hex'), name]).toString('base64');
}

/** What went wrong, by its code: texts of servers and of the library hold addresses, and may hold more. */
function faultOf(error: unknown): string {
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown };
  const name = typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'unknown';
  return typeof responseCode === 'number' ? `${name} ${responseCode}` : name;
}

/** A mailbox or a message that the server refuses for good is not offered again; everything else may be well later. */
function deliveryOf(error: unknown): Delivery {
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown };
  const isAboutThis = code === 'EENVELOPE' || code === 'EMESSAGE';
  const isForGood = isAboutThis && typeof responseCode === 'number' && responseCode >= 500;
  return { kind: isForGood ? 'refused' : 'failed', fault: faultOf(error) };
}
