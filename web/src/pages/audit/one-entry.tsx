import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Command } from '../../access/command.tsx';
import type { Schemas } from '../../data/api.ts';
import { useEntry, useEntryWords, useOpenings, useProof, type Entry } from '../../data/audit.ts';
import { useLogKey } from '../../data/session.ts';
import { useTimes } from '../../time/zone.ts';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { Card, Empty, Facts, Section, Waiting } from '../../ui/card.tsx';
import { BackIcon, ProofIcon } from '../../ui/icons.ts';
import { CopyLine, FailureNotice, Notice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { Mono, Person, StateSign } from '../../ui/signs.tsx';
import { factRows, readSeq, verdictWords } from './words.ts';
import classes from './audit.module.css';

const route = getRouteApi('/audit/$seq');

/** One entry of the log, the proof that it is in there, and how to verify that without us. */
export function OneEntry() {
  const { seq: typed } = route.useParams();
  const seq = readSeq(typed);
  if (seq !== null) return <Found key={seq} seq={seq} />;
  return (
    <Page title="No such entry" aside={<ToTheLog />}>
      <Empty title="There is no such entry">Entries have numbers, from 0 on: “{typed.slice(0, 40)}” is none.</Empty>
    </Page>
  );
}

function Found({ seq }: { readonly seq: number }) {
  const entry = useEntry(seq);
  const isThere = entry.data != null;
  return (
    <Page title={`Entry #${seq}`} lead={entry.data?.shown?.body.kind} aside={<ToTheLog />}>
      {entry.isPending && <Waiting lines={6} />}
      {entry.error !== null && <FailureNotice error={entry.error} intent="look" again={() => void entry.refetch()} />}
      {entry.data === null && <Empty title="There is no such entry">The log has not come as far as #{seq}.</Empty>}
      {entry.data != null && (
        <>
          {entry.data.shown === null ? (
            <Notice>
              It does not concern you: the log shows you its hash alone, and proves with it that the entry is there.
              Auditors read all of it.
            </Notice>
          ) : (
            <What entry={entry.data.shown} seq={seq} />
          )}
          <Proof entry={entry.data} seq={seq} />
        </>
      )}
      {isThere && (
        <p className={classes['steps']}>
          {seq > 0 && (
            <ButtonLink to="/audit/$seq" params={{ seq: String(seq - 1) }} small>
              #{seq - 1}
            </ButtonLink>
          )}
          <ButtonLink to="/audit/$seq" params={{ seq: String(seq + 1) }} small>
            #{seq + 1}
          </ButtonLink>
        </p>
      )}
    </Page>
  );
}

function ToTheLog() {
  return (
    <ButtonLink to="/audit" kind="quiet" icon={BackIcon}>
      The log
    </ButtonLink>
  );
}

function What({ entry: { body, text }, seq }: { readonly entry: NonNullable<Entry['shown']>; readonly seq: number }) {
  const times = useTimes();
  const { at, actor, subjects, facts, commitments = {}, late } = body;
  const hidden = Object.keys(commitments);
  const [shown, setShown] = useState(false);
  const openings = useOpenings(seq, shown);
  const { data: words } = useEntryWords(seq);
  const { short, long } = factRows(facts);
  return (
    <Card className={classes['entry']}>
      {words != null && <p>{times.within(words.sentence)}</p>}
      {words === null && <p className={classes['quiet']}>It does not concern you: the log itself names nobody.</p>}
      {late === true && <Notice>It was recorded after it happened, because the database took no writes.</Notice>}
      <Facts
        rows={[
          ['When', times.full(Date.parse(at))],
          [
            'By',
            words == null ? <Mono key="by">{`${actor.kind} ${actor.id}`}</Mono> : <By key="by" of={words.actor} />,
          ],
          ...Object.entries(subjects).map(
            ([name, id]) =>
              [
                `About: ${name}`,
                <Subject key={name} name={name} id={id} person={words?.subjects.person ?? null} />,
              ] as const,
          ),
          ...short.map(([name, value]) => [name, <Mono key={name}>{times.within(value)}</Mono>] as const),
          hidden.length === 0 ? null : ['Not in the log itself', hidden.join(', ')],
        ]}
      />
      {subjects['request'] !== undefined && (
        <p>
          <Link to="/audit" search={{ q: subjects['request'] }}>
            Everything in the log about this request
          </Link>
        </p>
      )}
      {hidden.length > 0 && !shown && (
        <p>
          <Button small onClick={() => setShown(true)}>
            Show what is personal
          </Button>
        </p>
      )}
      {openings.error !== null && <FailureNotice error={openings.error} intent="look" />}
      {openings.data?.length === 0 && <p className={classes['quiet']}>You may not see what is personal in it.</p>}
      {openings.data !== undefined && openings.data.length > 0 && (
        <Facts rows={openings.data.map(({ field, value }) => [field, value])} />
      )}
      {long.length > 0 && (
        <details>
          <summary>What machines read: {long.map(([name]) => name).join(', ')}</summary>
          <Facts rows={long.map(([name, value]) => [name, <Mono key={name}>{value}</Mono>])} />
        </details>
      )}
      <details>
        <summary>What was hashed</summary>
        <pre className={classes['raw']} tabIndex={0} aria-label="The entry as it was hashed">
          {text}
        </pre>
      </details>
    </Card>
  );
}

function By({ of: { key, name } }: { readonly of: Schemas['AuditItem']['actor'] }) {
  return <Person of={{ key: key ?? name, name }} />;
}

function Subject({
  name,
  id,
  person,
}: {
  readonly name: string;
  readonly id: string;
  readonly person: Schemas['AuditItem']['subjects']['person'];
}) {
  if (name === 'person' && person !== null) return <Person of={person} />;
  if (name !== 'request') return <Mono>{id}</Mono>;
  return (
    <Link to="/requests/$id" params={{ id }}>
      <Mono>{id}</Mono>
    </Link>
  );
}

function Proof({ entry, seq }: { readonly entry: Entry; readonly seq: number }) {
  const vkey = useLogKey();
  const proof = useProof(seq, entry, vkey);
  const verdict = proof.data == null ? null : verdictWords(proof.data.verdict, proof.data.size);
  return (
    <Section id="proof" title="Proof">
      {proof.isPending && <Waiting />}
      {proof.error !== null && <FailureNotice error={proof.error} intent="look" again={() => void proof.refetch()} />}
      {proof.data === null && (
        <p>
          No signed checkpoint covers it yet; that takes a moment.{' '}
          <Button small onClick={() => void proof.refetch()}>
            Look again
          </Button>
        </p>
      )}
      {verdict !== null && (
        <Card className={classes['entry']} tone={verdict.state.tone === 'bad' ? 'bad' : undefined}>
          <p role="status">
            <StateSign state={verdict.state} />
          </p>
          <p>{verdict.text}</p>
          <details>
            <summary>The signed checkpoint</summary>
            <pre className={classes['raw']} tabIndex={0} aria-label="The signed checkpoint">
              {proof.data?.checkpoint}
            </pre>
          </details>
        </Card>
      )}
      <h3 className={classes['self']}>
        <ProofIcon size={16} aria-hidden="true" /> Without taking our word
      </h3>
      <p className={classes['quiet']}>
        This page came from the server that it judges. The command line recomputes the whole log on your machine, and
        the formats are open: docs/ledger.md says how to do it with OpenSSL and a few lines of Python
        {isSigned(entry) && ', and docs/verify-approval.md how to verify the signature of this approval'}.
      </p>
      <Command label="Command to verify the log" text="curfew audit verify" />
      {entry.shown !== null && (
        <>
          <Command label="Command to save the entry as it was hashed" text={`curfew audit show ${seq} --json`} />
          <Command label="Command to open the entry" text={`curfew audit open ${seq}`} />
        </>
      )}
      {vkey !== undefined && vkey !== null && <CopyLine label="The key of the log" text={vkey} />}
    </Section>
  );
}

/** An approval with the signature of a passkey. */
function isSigned({ shown }: Entry): boolean {
  return shown?.body.kind === 'approval.given' && shown.body.facts['signature'] !== undefined;
}
