import { Menu, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Icon } from './icons.ts';
import classes from './overlays.module.css';

/** A dialog over the page: it takes the focus, Escape closes it, and the focus goes back to where it was. */
export function Dialog({
  title,
  opened,
  onClose,
  children,
}: {
  readonly title: string;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      radius="var(--radius-card)"
      padding="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
      // Its element says that it is the head of the page, which has one.
      attributes={{ header: { role: 'presentation' } }}
      classNames={{ title: classes['title'] ?? '', content: classes['content'] ?? '', header: classes['header'] ?? '' }}
    >
      {children}
    </Modal>
  );
}

export interface MenuChoice {
  readonly label: string;
  readonly icon: Icon;
  readonly chosen?: boolean;
  readonly choose: () => void;
}

/** A button that opens a list of choices. */
export function ChoiceMenu({
  button,
  head,
  choices,
}: {
  readonly button: ReactNode;
  readonly head?: ReactNode;
  readonly choices: readonly MenuChoice[];
}) {
  return (
    <Menu
      position="bottom-end"
      // Within the landmark of its button: a reader that goes by landmarks comes past it.
      withinPortal={false}
      // The first choice has the focus: what stands for it otherwise is no part of a menu.
      withInitialFocusPlaceholder={false}
      classNames={{ dropdown: classes['menu'] ?? '', item: classes['item'] ?? '' }}
    >
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>
        {head !== undefined && (
          <div role="presentation" className={classes['menuHead']}>
            {head}
          </div>
        )}
        {choices.map(({ label, icon: IconOf, chosen, choose }) => (
          <Menu.Item
            key={label}
            leftSection={<IconOf size={16} aria-hidden="true" />}
            onClick={choose}
            aria-current={chosen === true ? true : undefined}
          >
            {label}
            {chosen === true && <span className={classes['tick']}>now</span>}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
