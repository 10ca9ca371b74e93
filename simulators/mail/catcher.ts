import { createServer, type AddressInfo, type Socket } from 'node:net';
import { headerOf, readMessage, type ReadMessage } from './read-message.ts';

/** A message that was handed over. */
export interface CaughtMail extends ReadMessage {
  /** 1 for the first message of this server. */
  readonly n: number;
  readonly from: string;
  /** The envelope: whom it would have reached, whatever its headers say. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly receivedAt: number;
}

export interface MailCatcher {
  readonly port: number;
  /** The last messages, oldest first. */
  messages(): readonly CaughtMail[];
  /** From now on recipients (`rcpt`) or messages (`data`) are answered with this line; `null`: they are taken again. */
  refuse(answer: { readonly at: 'rcpt' | 'data'; readonly line: string } | null): void;
  close(): Promise<void>;
}

const KEPT = 200;
const LARGEST = 1_000_000;

/** Starts a mail server on loopback that keeps what it gets (RFC 5321). Port 0: any free one. */
export async function startMailCatcher({ port }: { readonly port: number }): Promise<MailCatcher> {
  const kept: CaughtMail[] = [];
  const sockets = new Set<Socket>();
  let count = 0;
  let refusal: Parameters<MailCatcher['refuse']>[0] = null;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.setEncoding('latin1');
    converse(socket, {
      refusal: (at) => (refusal?.at === at ? refusal.line : null),
      keep(from, to, raw) {
        const read = readMessage(raw);
        const mail = { ...read, n: (count += 1), from, to, subject: headerOf(read.headers, 'subject') };
        kept.push({ ...mail, receivedAt: Date.now() });
        if (kept.length > KEPT) kept.shift();
      },
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    messages: () => [...kept],
    refuse: (answer) => void (refusal = answer),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Mailbox {
  readonly refusal: (at: 'rcpt' | 'data') => string | null;
  /** Throws when the message has a form that is not simulated. */
  readonly keep: (from: string, to: readonly string[], raw: string) => void;
}

/** One conversation: commands a line each, and after DATA a message up to a line with a dot. */
function converse(socket: Socket, mailbox: Mailbox): void {
  let waiting = '';
  let from: string | null = null;
  let to: string[] = [];
  let inData = false;
  const say = (answer: string): void => void socket.write(`${answer}\r\n`);
  const forget = (): void => {
    from = null;
    to = [];
  };
  const take = (raw: string): string => {
    const refused = mailbox.refusal('data');
    if (refused !== null) return refused;
    try {
      mailbox.keep(from ?? '', to, raw);
      return '250 2.0.0 Kept';
    } catch (error) {
      return `554 5.6.0 ${error instanceof Error ? error.message.replace(/[\r\n]/g, ' ') : 'not simulated'}`;
    }
  };
  const obey = (command: string): void => {
    const path = /^(?:MAIL FROM|RCPT TO):<([^<>]*)>/i.exec(command)?.[1];
    const verb = command.slice(0, 4).toUpperCase();
    if (verb === 'EHLO') return say('250-catcher\r\n250-8BITMIME\r\n250 SIZE 1000000');
    if (verb === 'HELO' || verb === 'NOOP') return say('250 2.0.0 Well');
    if (verb === 'RSET') return (forget(), say('250 2.0.0 Forgotten'));
    if (verb === 'QUIT') return (say('221 2.0.0 Farewell'), void socket.end());
    if (verb === 'MAIL' && path !== undefined) return ((from = path), (to = []), say('250 2.1.0 Go on'));
    if (verb === 'RCPT' && path !== undefined && from !== null) {
      const refused = mailbox.refusal('rcpt');
      if (refused === null) to.push(path);
      return say(refused ?? '250 2.1.5 Go on');
    }
    if (verb === 'DATA' && to.length > 0) return ((inData = true), say('354 Until a dot'));
    return say(verb === 'MAIL' || verb === 'RCPT' || verb === 'DATA' ? '503 5.5.1 Not now' : '502 5.5.1 Not simulated');
  };
  say('220 catcher ESMTP');
  socket.on('data', (chunk: string) => {
    waiting += chunk;
    if (waiting.length > LARGEST) return void socket.destroy();
    for (;;) {
      const end = inData ? `\r\n${waiting}`.indexOf('\r\n.\r\n') : waiting.indexOf('\r\n');
      if (end < 0) return;
      const text = waiting.slice(0, end);
      waiting = waiting.slice(end + (inData ? 3 : 2));
      if (!inData) obey(text);
      else {
        inData = false;
        // A dot that began a line came twice (RFC 5321, section 4.5.2).
        say(take(text.replace(/(^|\r\n)\.\./g, '$1.')));
        forget();
      }
    }
  });
}
