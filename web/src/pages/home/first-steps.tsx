import { Empty } from '../../ui/card.tsx';

/** Nobody holds anything: the normal state of affairs. */
export function FirstSteps() {
  return (
    <Empty title="You hold no access, and that is the normal state of affairs">
      Ask for what a task needs; a rule decides at once, or says who must agree. It ends by itself.
    </Empty>
  );
}
