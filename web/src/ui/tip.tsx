import { Tooltip } from '@mantine/core';
import type { ReactElement } from 'react';

/** Words that appear beside something that is pointed at, tapped or focused. What they say must be found elsewhere, too. */
export function Tip({ label, children }: { readonly label: string; readonly children: ReactElement }) {
  return (
    <Tooltip label={label} multiline maw={320} events={{ hover: true, focus: true, touch: true }}>
      {children}
    </Tooltip>
  );
}
