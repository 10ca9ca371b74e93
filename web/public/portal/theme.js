// Runs before the first paint, so that nobody who wants a dark page sees a light one flash. A file of its own: the content
// security policy forbids inline script. The key is that of src/ui/theme.ts.
try {
  const chosen = localStorage.getItem('curfew-theme');
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
} catch {
  // Storage is closed to us: the light page it is.
}
