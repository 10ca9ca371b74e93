import type { Grant } from '../../data/api.ts';
import { Extend } from '../../access/extend.tsx';
import { GiveBack } from '../../access/give-back.tsx';
import { UseIt } from '../../access/use-it.tsx';
import { countdown } from '../../time/countdown.ts';
import { useNow } from '../../time/ticker.ts';
import { causeWords, grantState, proofHeadline, survivesLine } from '../../time/wording.ts';
import { useTimes } from '../../time/zone.ts';
import { Card, Facts } from '../../ui/card.tsx';
import { Notice } from '../../ui/notices.tsx';
import { ProofIcon } from '../../ui/icons.ts';
import { Mono, StateSign } from '../../ui/signs.tsx';
import classes from './receipt.module.css';

/** A grant as a receipt: how long, how it ended, and why that may be said. */
export function Receipt({ grant, own }: { readonly grant: Grant; readonly own: boolean }) {
  const now = useNow();
  const times = useTimes();
  const state = grantState(grant, now);
  const at = (time: string | null): string | null => (time === null ? null : times.full(Date.parse(time)));
  const live = state.word === 'active';
  const { proof } = grant;
  return (
    <Card className={classes['receipt']} aria-label={`${grant.role} on ${grant.target}`}>
      <header>
        <div>
          <StateSign state={state} />
          <p>
            {grant.role} on {grant.target}
          </p>
        </div>
        {grant.endsAt !== null && live && (
          <p className={classes['left']} role="timer">
            {countdown(now, Date.parse(grant.endsAt)).text}
          </p>
        )}
      </header>
      {grant.lastFault !== null && grant.status !== 'ended' && (
        <Notice>The cloud made a difficulty, and it is tried again: {grant.lastFault}</Notice>
      )}
      {grant.waits !== null && <Notice>{grant.waits.why}</Notice>}
      <Facts
        rows={[
          row('Usable from', at(grant.usableAt)),
          row(grant.endedAt === null ? 'Ends' : 'Was to end', at(grant.endsAt)),
          grant.boundUntil !== null && grant.boundUntil !== grant.endsAt
            ? row('At the latest', at(grant.boundUntil))
            : null,
          row('Ended', at(grant.endedAt)),
          row('Why', grant.cause === null ? null : causeWords(grant.cause)),
          ['Survives', survivesLine(grant)],
          ['Method', `${grant.provider}, ${grant.method}`],
          ['Id', <Mono key="id">{grant.id}</Mono>],
        ]}
      />
      {proof !== null && (
        <div className={classes['proof']}>
          <ProofIcon size={20} aria-hidden="true" />
          <div>
            <p>
              <strong>{proofHeadline(proof)}</strong> {proof.words}
            </p>
            {proof.keptUntil !== null && <p>It goes on until {at(proof.keptUntil)}.</p>}
            <p className={classes['quiet']}>{times.full(Date.parse(proof.at))}</p>
            {Object.keys(proof.evidence).length > 0 && (
              <details>
                <summary>The evidence</summary>
                <pre tabIndex={0}>{JSON.stringify(proof.evidence, null, 2)}</pre>
              </details>
            )}
          </div>
        </div>
      )}
      {own && grant.status !== 'ended' && grant.status !== 'failed' && (
        <div className={classes['buttons']}>
          <UseIt grant={grant} />
          <Extend grant={grant} />
          <GiveBack grant={grant} />
        </div>
      )}
    </Card>
  );
}

function row(name: string, value: string | null): readonly [string, string] | null {
  return value === null ? null : [name, value];
}
