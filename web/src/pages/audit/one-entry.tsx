import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Command } from '../../access/command.tsx';
import { useEntry, useOpenings, useProof, type Entry } from '../../data/audit.ts';
import { useLogKey } from '../../data/session.ts';
import { useTimes } from '../../time/zone.ts';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { Card, Empty, Facts, Section, Waiting } from '../../ui/card.tsx';
import { BackIcon, ProofIcon } from '../../ui/icons.ts';
import { CopyLine, FailureNotice, Notice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { Mono, StateSign } from '../../ui/signs.tsx';
import { readSeq, verdictWords } from './words.ts';
import classes from './audit.module.css';

const route = getRouteApi('/audit/$seq');

/** One entry of the log, the proof that it is in there, and how to verify that without us. */
export function OneEntry() {
  const seq = readSeq(route.useParams().seq);
  const entry = useEntry(seq);
  return (
    <Page
      title={`Entry #${seq}`}
      lead={entry.data?.body.kind}
      aside={
        <ButtonLink to="/audit" kind="quiet" icon={BackIcon}>
          The log
        </ButtonLink>
      }
    >
      {entry.isPending && <Waiting lines={6} />}
      {entry.error !== null && <FailureNotice error={entry.error} intent="look" again={() => void entry.refetch()} />}
      {entry.data === null && <Empty title="There is no such entry">The log has not come that far.</Empty>}
      {entry.data != null && (
        <>
          <What entry={entry.data} seq={seq} />
          <Proof entry={entry.data} seq={seq} />
        </>
      )}
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
    </Page>
  );
}

function What({ entry: { body, text }, seq }: { readonly entry: Entry; readonly seq: number }) {
  const times = useTimes();
  const { at, actor, subjects, facts, commitments = {}, late } = body;
  const hidden = Object.keys(commitments);
  const [shown, setShown] = useState(false);
  const openings = useOpenings(seq, shown);
  return (
    <Card className={classes['entry']}>
      {late === true && <Notice>It was recorded after it happened, because the database took no writes.</Notice>}
      <Facts
        rows={[
          ['When', times.full(Date.parse(at))],
          ['By', <Mono key="by">{`${actor.kind} ${actor.id}`}</Mono>],
          ...Object.entries(subjects).map(
            ([name, id]) => [`About: ${name}`, <Subject key={name} name={name} id={id} />] as const,
          ),
          ...Object.entries(facts).map(
            ([name, value]) =>
              [name, <Mono key={name}>{typeof value === 'string' ? value : JSON.stringify(value)}</Mono>] as const,
          ),
          hidden.length === 0 ? null : ['Not in the log itself', hidden.join(', ')],
        ]}
      />
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
      <details>
        <summary>What was hashed</summary>
        <pre className={classes['raw']} tabIndex={0} aria-label="The entry as it was hashed">
          {text}
        </pre>
      </details>
    </Card>
  );
}

function Subject({ name, id }: { readonly name: string; readonly id: string }) {
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
        the formats are open: docs/ledger.md says how to do it with OpenSSL and a few lines of Python.
      </p>
      <Command label="Command to verify the log" text="curfew audit verify" />
      <Command label="Command to open the entry" text={`curfew audit open ${seq}`} />
      {vkey !== undefined && vkey !== null && <CopyLine label="The key of the log" text={vkey} />}
    </Section>
  );
}
