import { Empty } from '../../ui/card.tsx';
import classes from './home.module.css';

/** Nobody holds anything: the normal state of affairs, and how it goes from here. */
export function FirstSteps() {
  return (
    <Empty title="You hold no access, and that is the normal state of affairs">
      <span className={classes['steps']}>
        <span>
          <strong>Ask</strong> for what a task needs. Search by what you want to do, or paste the error that stopped
          you.
        </span>
        <span>
          <strong>A rule decides</strong>, at once or through people whom it names. You see which before you send
          anything.
        </span>
        <span>
          <strong>Use it</strong>, and give it back. If you forget, it ends by itself, on time, with proof.
        </span>
      </span>
    </Empty>
  );
}
