import { Tooltip } from '@mantine/core';
import { cloneElement, useId, type ReactElement } from 'react';

/**
 * Words that appear beside something that is pointed at, tapped or focused; who hears the page hears them after what it says. What they
 * say must be found elsewhere, too.
 */
export function Tip({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ReactElement<{ readonly 'aria-describedby'?: string }>;
}) {
  const id = useId();
  return (
    <>
      <Tooltip label={label} multiline maw={320} events={{ hover: true, focus: true, touch: true }}>
        {cloneElement(children, { 'aria-describedby': id })}
      </Tooltip>
      <span id={id} hidden>
        {label}
      </span>
    </>
  );
}
