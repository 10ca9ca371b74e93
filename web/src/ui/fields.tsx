import { SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { useId, type ComponentProps, type ReactNode } from 'react';
import classes from './fields.module.css';

const LOOK = {
  input: classes['input'] ?? '',
  label: classes['label'] ?? '',
  description: classes['description'] ?? '',
  error: classes['error'] ?? '',
};

type Given<Props> = Omit<Props, 'classNames' | 'styles' | 'unstyled'>;

/** A line of text. `description` says what belongs there, before anything is wrong. */
export function LineField(props: Given<ComponentProps<typeof TextInput>>) {
  return <TextInput {...props} classNames={LOOK} inputWrapperOrder={['label', 'description', 'input', 'error']} />;
}

/** Some lines of text. */
export function TextField(props: Given<ComponentProps<typeof Textarea>>) {
  return <Textarea {...props} classNames={LOOK} inputWrapperOrder={['label', 'description', 'input', 'error']} />;
}

/** One of a few, all of which are seen. */
export function OneOf({
  label,
  choices,
  value,
  onChange,
}: {
  readonly label: string;
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <SegmentedControl
      aria-label={label}
      data={choices.map((choice) => ({ ...choice }))}
      value={value}
      onChange={onChange}
      classNames={{
        root: classes['segments'] ?? '',
        label: classes['segment'] ?? '',
        indicator: classes['indicator'] ?? '',
      }}
    />
  );
}

/** Fields that belong together under one name. */
export function Fields({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const id = useId();
  return (
    <div role="group" aria-labelledby={id} className={classes['group']}>
      <h2 id={id} className={classes['title']}>
        {title}
      </h2>
      {children}
    </div>
  );
}

export interface Choice {
  readonly value: string;
  readonly label: ReactNode;
  readonly detail?: ReactNode;
}

/** One of some that need a word each. Unlike {@link OneOf} nothing has to be chosen beforehand. */
export function Choices({
  label,
  choices,
  value,
  onChange,
  error = null,
  hidden = false,
}: {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly value: string | null;
  readonly onChange: (value: string) => void;
  readonly error?: string | null;
  /** Whether the label is for those alone who hear the page. */
  readonly hidden?: boolean;
}) {
  const id = useId();
  return (
    <fieldset
      className={classes['choices']}
      aria-invalid={error === null ? undefined : true}
      aria-describedby={error === null ? undefined : id}
      role="radiogroup"
    >
      <legend className={hidden ? classes['hidden'] : classes['legend']}>{label}</legend>
      {choices.map((choice) => (
        <label key={choice.value} className={classes['choice']}>
          <input
            type="radio"
            name={`${id}-choice`}
            value={choice.value}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
          />
          <span>
            <span className={classes['choiceLabel']}>{choice.label}</span>
            {choice.detail !== undefined && <small>{choice.detail}</small>}
          </span>
        </label>
      ))}
      {error !== null && (
        <p id={id} className={classes['error']}>
          {error}
        </p>
      )}
    </fieldset>
  );
}
