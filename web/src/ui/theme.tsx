import './tokens.css';
import './library.css';
import { createTheme, localStorageColorSchemeManager, MantineProvider, useMantineColorScheme } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import type { ReactNode } from 'react';
import classes from './notices.module.css';

/** `public/portal/theme.js` reads the same key before the first paint. */
const schemes = localStorageColorSchemeManager({ key: 'curfew-theme' });

const theme = createTheme({
  respectReducedMotion: true,
  defaultRadius: 'default',
  cursorType: 'pointer',
  components: {
    // The library would lock the page by a <style> element, which the content security policy forbids.
    Modal: { defaultProps: { lockScroll: false, centered: true } },
    Tooltip: { defaultProps: { openDelay: 250, withArrow: false, events: { hover: true, focus: true, touch: false } } },
  },
});

/**
 * The ground that everything stands on. The library writes no `<style>` of its own: its variables and ours are static files,
 * so that the content security policy needs neither a nonce nor `unsafe-inline`. For the same reason no page uses the
 * library's responsive props.
 */
export function Theme({ children }: { readonly children: ReactNode }) {
  return (
    <MantineProvider
      theme={theme}
      colorSchemeManager={schemes}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
      withStaticClasses={false}
    >
      {children}
      {/* Its places are there before anything is said: what comes together with its words is not read out everywhere. */}
      <Notifications
        position="bottom-right"
        limit={4}
        autoClose={7_000}
        aria-live="polite"
        classNames={{ root: classes['toasts'] ?? '' }}
      />
    </MantineProvider>
  );
}

export const THEMES = ['auto', 'light', 'dark'] as const;
export type ThemeName = (typeof THEMES)[number];

/** The chosen theme and how to choose another; `auto` follows the machine. */
export function useTheme(): { readonly theme: ThemeName; readonly choose: (theme: ThemeName) => void } {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return { theme: colorScheme, choose: setColorScheme };
}
