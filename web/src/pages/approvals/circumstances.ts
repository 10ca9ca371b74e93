import type { Schemas } from '../../data/api.ts';
import { endBefore } from './facts.ts';

type Around = Schemas['Circumstances'];

/** Who asks, in a few words that matter to whoever decides: `team data · contractor · on call for data`. Empty: nothing of it is known. */
export function whoseWords({ employment, team, onCall }: Around['requester']): string {
  return [
    team === null ? '' : `team ${team}`,
    employment === 'contractor' ? 'contractor' : '',
    onCall.length === 0 ? '' : `on call for ${onCall.join(', ')}`,
  ]
    .filter((words) => words !== '')
    .join(' · ');
}

/** What they hold already where they ask for more, a line each, and how much elsewhere. `at`: says a time. */
export function holdsLines(
  { holds, holdsElsewhere }: Pick<Around, 'holds' | 'holdsElsewhere'>,
  at: (time: string) => string,
): readonly string[] {
  const elsewhere = holdsElsewhere === 0 ? [] : [`${holdsElsewhere} on other targets`];
  if (holds.length === 0) return [['Nothing there', ...elsewhere].join('; ')];
  return [
    ...holds.map(({ role, target, status, endsAt }) => {
      const until = status === 'ending' ? ', ending' : endsAt === null ? ', not begun' : ` until ${at(endsAt)}`;
      return `${role} on ${target}${until}`;
    }),
    ...elsewhere,
  ];
}

/** The same of a request; one for a later end is about what is held already, which counts first. */
export function heldLines(
  request: Parameters<typeof endBefore>[0],
  around: Pick<Around, 'holds' | 'holdsElsewhere'>,
  at: (time: string) => string,
): readonly string[] {
  const before = endBefore(request);
  if (before === null) return holdsLines(around, at);
  const { holds, holdsElsewhere } = around;
  const elsewhere = holdsElsewhere === 0 ? [] : [`${holdsElsewhere} on other targets`];
  const more = holds.length === 0 ? elsewhere : holdsLines(around, at);
  return [`This, until ${at(new Date(before).toISOString())}`, ...more];
}

/** How many others hold the same, by item where there are several. */
export function othersLines(items: Around['items']): readonly string[] {
  return items.map(({ role, target, othersHold }) => {
    const many = othersHold === 0 ? 'Nobody else' : `${othersHold} ${othersHold === 1 ? 'other' : 'others'}`;
    return items.length === 1 ? many : `${role} on ${target}: ${many.toLowerCase()}`;
  });
}

const ABILITIES: Readonly<Record<Around['items'][number]['abilities'][number], string>> = {
  'role-chaining': 'take on other roles from there',
  'pass-role': 'hand roles to services',
  'create-keys': 'create keys, which stay',
};

/** How far it reaches beyond what its name says; empty: no further. */
export function reachLines(items: Around['items']): readonly string[] {
  return items.flatMap(({ role, target, below, abilities }) => {
    const name = items.length === 1 ? '' : `${role} on ${target}: `;
    return [
      ...(below === 0 ? [] : [`${name}${target} and ${below} ${below === 1 ? 'target' : 'targets'} below it`]),
      ...(abilities.length === 0 ? [] : [`${name}can ${abilities.map((one) => ABILITIES[one]).join(', ')}`]),
    ];
  });
}
