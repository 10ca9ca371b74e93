import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../terminal/printable.ts';
import { facts, plainRows } from '../terminal/table.ts';
import { clockTime } from '../terminal/times.ts';
import { personView } from '../views.ts';
import { fields, isFields, textOrNull, texts } from '../wire.ts';

/** Shows who is signed in, where, and until when. */
export async function whoami(context: Context): Promise<ExitCode> {
  const me = await context.api.get('/me');
  if (context.json) {
    context.dataJson({ ...me, server: context.server, profile: context.profile });
    return EXIT.ok;
  }
  const person = fields(me['person'], 'person');
  const { key, name } = personView(person);
  const email = textOrNull(person, 'email') ?? '';
  const groups = texts(person, 'groups');
  if (context.plain) {
    context.data(plainRows([[key, name, email, groups.join(','), context.server]]));
    return EXIT.ok;
  }
  const endsAt = isFields(me['session']) ? textOrNull(me['session'], 'expiresAt') : null;
  context.data(
    facts(context.out, [
      ['person', `${context.out.bold(printable(name))} (${printable(key)})`],
      ['email', printable(email)],
      ['groups', groups.map(printable).join(', ')],
      ['server', context.server],
      ['profile', context.profile],
      ['signed in', endsAt === null ? '' : `until ${clockTime(endsAt, context.place.clock.now())}`],
    ]),
  );
  return EXIT.ok;
}
